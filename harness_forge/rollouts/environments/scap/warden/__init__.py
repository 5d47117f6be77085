"""The process that keeps the sandboxes: standard library only, run as a program.

`sandbox.py` starts one per worker as `python -I -S warden/` and speaks to it
over pipes; it serves requests until its standard input closes. Wire form, both
ways: one line of JSON; where it has `blobs`, a mapping of name to length, the
bytes follow in that order.

It never acts as the real root: started by uid 0 it gives up that uid before it
makes its namespace, and no uid of its map is uid 0 outside. It is process 1 of
its own pid namespace, so that what it kills is all there is, and all there is
dies with it.
"""
