"""A door before servers of models: passes requests on, captures them, divides them.

config.py      where it listens, whom it asks, what it keeps
listening.py   the socket and the event loop
watching.py    the process beside it that ends it when it stands still
door.py        a caller's connection: parsing, limits, refusals
gateway.py     what all connections share
sending.py     a request as its server gets it
keeping.py     the way into the spool
exchange.py    one request and its answer on their way
upstream.py    connections to servers
body.py        changes of a JSON body that leave all other bytes alone
sse.py         streamed events; the one with counts that a caller did not ask for
keys.py        run, item, attempt, role, skill of a request
routing.py     who answers it
guard.py       takes an arm out that does badly
pages.py       what a web page may not send
privacy.py     what may leave, who may ask, what is never kept
spool.py       captured requests on their way to the store
reassembly.py  streamed answers put together again
meters.py      what it costs

It knows nothing of the store: `harness_forge.collect.capture` empties the spool.
"""
