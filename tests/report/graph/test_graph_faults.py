"""What is wrong with a graph's server is told in one error, and the password never."""

import http.server
import threading
from dataclasses import replace

import pytest
from graph_server import free_port, serving

from harness_forge.config.graph import GraphConfig
from harness_forge.core.errors import GraphError
from harness_forge.store.bolt import opened


def fault(config):
    with pytest.raises(GraphError) as raised, opened(config):
        pass
    return str(raised.value)


def test_a_url_that_is_none_or_holds_a_password():
    assert fault(GraphConfig()).startswith("graph.url: no graph is named")
    assert "is no URL of a Bolt server" in fault(GraphConfig(url="http://127.0.0.1:7474"))
    said = fault(GraphConfig(url="bolt://me:hush@127.0.0.1:7687"))
    assert "hush" not in said
    assert "FORGE_GRAPH_PASSWORD" in said


def test_nothing_listens():
    url = f"bolt://127.0.0.1:{free_port()}"
    assert fault(GraphConfig(url=url)) == (
        f"{url}: the server does not answer\n"
        "  hint: start the server and run the same command again: what was sent is kept"
    )


def test_a_server_that_speaks_http():
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0),
        type("Quiet", (http.server.BaseHTTPRequestHandler,), {"log_message": lambda *_: None}),
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"bolt://127.0.0.1:{server.server_port}"
        assert fault(GraphConfig(url=url, timeout_s=3)) == (
            f"{url}: what answers there does not speak Bolt\n"
            "  hint: check the port: Bolt is on 7687 as a rule, 7474 is HTTP"
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.workset
def test_a_wrong_password_and_a_database_that_is_none(graph_config, monkeypatch):
    assert "has no database none" in fault(replace(graph_config, database="none"))
    monkeypatch.setenv("FORGE_GRAPH_PASSWORD", "a wrong one")
    said = fault(graph_config)
    assert said.startswith(f"{graph_config.url}: wrong user or password")
    assert "a wrong one" not in said


@pytest.mark.workset
def test_a_server_that_dies_in_a_push_gets_the_rest_from_the_next(send, counts, mirrored, tmp_path):
    send()
    whole = counts()
    port = free_port()
    own = replace(mirrored.graph, url=f"bolt://127.0.0.1:{port}", batch=2)
    config = replace(mirrored, graph=own)
    with serving(tmp_path / "bolt", port) as process:

        def die(text):
            process.kill()
            process.wait()

        with pytest.raises(GraphError, match="the server does not answer"):
            send(config, die)
    with serving(tmp_path / "bolt", port):
        send(config)
        assert counts(config=own) == whole
