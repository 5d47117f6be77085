"""Runs ArcadeDB with its Bolt port until standard input ends: `bolt_server.py FOLDER PORT HTTP`."""

import sys

import arcadedb_embedded

folder, bolt, http = sys.argv[1:]
server = arcadedb_embedded.create_server(
    folder,
    root_password="open sesame",
    config={
        "server_plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        "bolt_port": int(bolt),
        "http_port": int(http),
    },
)
server.start()
if not server._java_server.existsDatabase("graph"):
    server.create_database("graph")
print("up", flush=True)
sys.stdin.read()
server.stop()
