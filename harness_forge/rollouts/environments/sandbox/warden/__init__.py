"""The process that holds the sandboxes: standard library only, run as a program.

`sandbox.py` starts one for each worker as `python -I -S warden/` and speaks to
it over pipes; it serves requests until its standard input closes. Wire format,
both ways: one line of JSON; if it has `blobs`, a mapping of name to length, the
bytes follow in that order.

It never acts as the real root: started as uid 0 it gives up that uid before it
makes its namespace, and no uid of its map is uid 0 outside. It is process 1 of
its own pid namespace: it can kill everything in it, and when it dies everything
in it dies too.
"""
