"""A proxy before model servers: passes requests on, captures them, splits traffic.

event_loop.py         the listening socket and the event loop
watchdog.py           the process that restarts a proxy which hangs
client_connection.py  a client's connection: parsing, limits, refusals
gateway.py            handles the requests of all connections
request.py            parses a request
keys.py               run, item, attempt, role and skill of a request
routing.py            chooses the arm
guard.py              takes an arm that performs badly out of its route
upstream_request.py   builds the request that a server gets
body.py               edits a JSON body and leaves all other bytes alone
upstream.py           connections to servers
exchange.py           one request and its answer
reassembly.py         assembles streamed answers
outcomes.py           outcomes that a harness posts
web_pages.py          refuses requests of web pages
privacy.py            remote servers, caller keys, headers that are never stored
spool.py              captured requests, until the store has them
spool_writer.py       writes to the spool, and reports when it cannot
meters.py             latency and counters
own_address.py        where a config's own proxy is asked

It knows nothing of the store: `harness_forge.collect.capture` empties the spool.
"""
