"""A real vLLM with the tiny model, a live adapter and a dead one."""

import json

import httpx
import pytest

from harness_forge.config.policy import PolicyConfig, PolicyKind
from harness_forge.core.chat import exchanges
from harness_forge.core.errors import ServeError
from harness_forge.rollouts.policies import probes
from harness_forge.rollouts.policies.endpoint import Endpoint
from harness_forge.serving import server_plan, server_run
from harness_forge.serving.proxy.reassembly import assembled
from harness_forge.serving.smoke import smoke

pytestmark = [pytest.mark.workset, pytest.mark.timeout(600)]


def test_base_and_adapters_are_listed(tiny_server):
    _, server = tiny_server
    listed = httpx.get(f"{server.url}/models", trust_env=False).json()["data"]
    assert [model["id"] for model in listed] == ["local", "tiny", "zero"]


def test_the_live_adapter_passes_the_smoke_test(tiny, tiny_server, tmp_path):
    plan, server = tiny_server
    alone = server_plan.settled(tiny.config, plan.config, plan.base, plan.adapters[:1])
    report = server_run.smoke_test(tiny.config, alone, server.url, tmp_path / "smoke.json")
    assert json.loads((tmp_path / "smoke.json").read_text()) == report
    assert report["differences"]["tiny"]["first_token"] > 0.05
    assert report["answers"]["local"]["tokens"] > 0
    # vLLM on a CPU gave the base the last adapter's weights in a mixed batch.
    assert report["mixed"] < 0.01


def test_the_dead_adapter_does_not(tiny_server):
    _, server = tiny_server
    with pytest.raises(ServeError, match="adapter zero: answers as local does"):
        smoke(
            server.url,
            "local",
            ["tiny", "zero"],
            messages=probes.messages(["a host"])[0],
            tools=probes.tools(),
            max_tokens=4,
        )


@pytest.mark.parametrize("path", ["models", "chat/completions", "load_lora_adapter", "tokenize"])
@pytest.mark.parametrize(
    "told",
    [
        {"origin": "https://pages.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"host": "pages.example", "origin": "http://pages.example"},
    ],
)
def test_a_web_page_is_refused_whatever_it_asks(tiny_server, path, told):
    plan, server = tiny_server
    folder = str(plan.adapters[1].folder)
    body = {"model": "local", "prompt": "x", "lora_name": "page", "lora_path": folder}
    method = "GET" if path == "models" else "POST"
    for kind in ("application/json", "text/plain"):
        headers = {"content-type": kind} | told
        content = None if method == "GET" else json.dumps(body)
        reply = httpx.request(
            method, f"{server.url}/{path}", content=content, headers=headers, trust_env=False
        )
        assert reply.status_code == 403
        assert "access-control-allow-origin" not in reply.headers
    asks = {"access-control-request-method": "POST"} | told
    reply = httpx.options(f"{server.url}/{path}", headers=asks, trust_env=False)
    assert reply.status_code == 403
    listed = httpx.get(f"{server.url}/models", trust_env=False).json()["data"]
    assert "page" not in [model["id"] for model in listed]


def test_a_policy_can_ask_it(tiny_server):
    _, server = tiny_server
    settings = PolicyConfig(PolicyKind.model, endpoint=server.url, adapter="tiny")
    chat = Endpoint(settings)
    sampling = {"temperature": 0.0, "max_tokens": 4}
    done = chat.complete(probes.messages(["a host"])[0], probes.tools(), sampling)
    chat.close()
    assert (done.model, done.completion_tokens) == ("tiny", 4)
    assert done.prompt_tokens > 50


@pytest.mark.parametrize("stream", [False, True])
def test_its_messages_api_is_read_as_the_chat_that_it_is(tiny_server, stream):
    _, server = tiny_server
    tool = probes.tools()[0]["function"]
    asked = {
        "model": "tiny",
        "max_tokens": 4,
        "temperature": 0,
        "stream": stream,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "Which host?"}],
        "tools": [{"name": tool["name"], "input_schema": tool["parameters"]}],
    }
    reply = httpx.post(f"{server.url}/messages", json=asked, timeout=60, trust_env=False)
    answer = assembled("message", reply.headers["content-type"], reply.content)
    assert answer.whole and not answer.fault
    made = exchanges.completion(answer.value)
    [choice] = made["choices"]
    assert choice["finish_reason"] == "length"
    assert made["usage"]["completion_tokens"] == 4
