"""Moves captures from a proxy's spool to the store, and makes attempts of them.

opening.py  a gateway as a config says, with the aliases of `forge serve`
drain.py    empties the spool, in a process of its own
rows.py     a record of the spool as a row
turns.py    a capture as a turn
responses.py  what `/v1/responses` holds, in the form of a chat
joining.py  captures and posted outcomes become attempts
runlog.py   captures and a harness's run log become attempts
live.py     what the arms of a route came to, for the sequential test
"""
