"""The client against a small server of ours: what is tested is how it takes faults."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from harness_forge.config.policy import PolicyConfig, PolicyKind
from harness_forge.core.errors import EndpointError
from harness_forge.core.records import WorkItem
from harness_forge.rollouts.policies import endpoint
from harness_forge.rollouts.policies.endpoint import Endpoint
from harness_forge.rollouts.policies.model import Model
from harness_forge.rollouts.policies.proposal import PromptRequest

MODELS = {"data": [{"id": "tiny"}]}
SAMPLING = {"temperature": 0.0, "max_tokens": 8}


def chat(content, finish_reason="stop"):
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": finish_reason}
    usage = {"prompt_tokens": 5, "completion_tokens": 2}
    return {"model": "tiny", "choices": [choice], "usage": usage}


@pytest.fixture
def server(monkeypatch):
    """A server that answers from a list of (status, body); str bodies go out as they are."""
    monkeypatch.setattr(endpoint.time, "sleep", lambda _: None)
    script, asked = [], []

    class Handler(BaseHTTPRequestHandler):
        def reply(self):
            size = int(self.headers.get("Content-Length") or 0)
            asked.append(json.loads(self.rfile.read(size)) if size else None)
            status, body = (200, MODELS) if self.command == "GET" else script.pop(0)
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = reply

        def log_message(self, *_):
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    http.script, http.asked = script, asked
    http.url = f"http://127.0.0.1:{http.server_port}/v1"
    yield http
    http.shutdown()
    http.server_close()


@pytest.fixture
def client(server):
    client = Endpoint(PolicyConfig(PolicyKind.model, endpoint=server.url))
    yield client
    client.close()


def test_takes_the_served_model_and_its_usage(server, client):
    server.script.append((200, chat("hi")))
    done = client.complete([{"role": "user", "content": "x"}], (), SAMPLING)
    assert (done.model, done.prompt_tokens, done.completion_tokens) == ("tiny", 5, 2)
    assert server.asked[-1]["model"] == "tiny"


def test_tries_again_after_a_server_error(server, client):
    server.script += [(500, "busy"), (429, "later"), (200, chat("ok"))]
    assert client.complete([], (), SAMPLING).message["content"] == "ok"


def test_gives_up_in_one_line(server, client):
    server.script += [(503, "down")] * 4
    with pytest.raises(EndpointError) as caught:
        client.complete([], (), SAMPLING)
    assert str(caught.value) == (
        f"{server.url}: answered 503: down, 4 tries\n"
        "  hint: nothing was lost: start the server and run the same command again"
    )


@pytest.mark.parametrize("body", ["<html>hello", {"hello": 1}, {"choices": []}, "null", "[1]"])
def test_nonsense_is_a_fault_of_the_endpoint(server, client, body):
    server.script.append((200, body))
    with pytest.raises(EndpointError, match="is this an OpenAI-compatible server"):
        client.complete([], (), SAMPLING)


def test_a_refusal_is_not_tried_again(server, client):
    server.script += [(400, "context too long"), (200, chat("never"))]
    with pytest.raises(EndpointError, match="answered 400: context too long"):
        client.complete([], (), SAMPLING)
    assert len(server.script) == 1


def test_a_model_that_is_not_served(server):
    with pytest.raises(EndpointError, match=r"does not serve model 'big'\n.*it serves: tiny"):
        Endpoint(PolicyConfig(PolicyKind.model, endpoint=server.url, model="big"))


def test_nobody_there(monkeypatch):
    monkeypatch.setattr(endpoint.time, "sleep", lambda _: None)
    with pytest.raises(EndpointError, match="cannot be reached"):
        Endpoint(PolicyConfig(PolicyKind.model, endpoint="http://127.0.0.1:9/v1"))


def test_samples_are_independent_and_repeatable(server, client):
    config = PolicyConfig(PolicyKind.model, endpoint=server.url, samples=2, temperature=0.7)
    request = PromptRequest(WorkItem("r", "t", "low", "f", "r"), [], ())
    for _ in range(2):
        server.script += [(200, chat("a")), (200, chat("b", "length"))]
        episode = Model(config, client, seed=1).episode(request)
        proposals = [next(episode), episode.send(None)]
        assert [p.failure for p in proposals] == ["no_call", "cut_off"]
    seeds = [body["seed"] for body in server.asked if body]
    assert seeds[:2] == seeds[2:]
    assert seeds[0] != seeds[1]
