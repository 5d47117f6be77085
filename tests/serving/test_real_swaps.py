"""Swaps of a real vLLM under load: no request fails, and none is answered by another adapter."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from swapped_adapters import altered

from harness_forge.serving import aliases, hot, swapping

pytestmark = [pytest.mark.workset, pytest.mark.timeout(900)]

PROMPTS = ("a host that is", "the kernel must not", "only root may write", "set the mode of")
ALIAS, CLIENTS, LONGEST = "stig-champion", 8, 16


@pytest.mark.parametrize(
    ("swaps", "requests"), [(3, 60), pytest.param(20, 400, marks=pytest.mark.soak)]
)
def test_no_answer_fails_or_is_another_adapters(tiny, tiny_server, swaps, requests):
    _, server = tiny_server
    config = replace(tiny.config, serve=replace(tiny.config.serve, drain_s=60))
    made = [altered(config, "tiny", 100 * swaps + number) for number in range(swaps + 1)]
    expected = {one.folder.name: alone(server.url, one.folder) for one in made}
    expected["local"] = {prompt: ask(server.url, "local", prompt, LONGEST) for prompt in PROMPTS}
    for prompt in PROMPTS:
        assert len({tuple(each[prompt]) for each in expected.values()}) == swaps + 2
    swapping.swapped(config, ALIAS, str(made[0].folder))

    load = Load(server.url, Path(config.forge_home), expected, requests)
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(load.run, number) for number in range(CLIENTS)]
        try:
            for number, one in enumerate(made[1:], start=1):
                load.reach(number * requests // (swaps + 1))
                done = swapping.swapped(config, ALIAS, str(one.folder))
                assert done.unloaded == [made[number - 1].folder.name]
        finally:
            load.reach(requests)
            load.over.set()
        for client in clients:
            client.result()
    print(
        f"{swaps} swaps: {load.done} requests by the alias, {load.base} to the base beside them, "
        f"{len(load.used)} adapters answered, {len(load.failed)} failed, {len(load.wrong)} wrong"
    )
    assert load.failed == []
    assert load.wrong == []
    assert load.done >= requests
    assert load.base > 0
    assert len(load.used) == swaps + 1
    # What was served before a swap is forgotten, the last one is not.
    assert set(hot.listed(server.url)) == {"local", "tiny", "zero", made[-1].folder.name}


class Load:
    """Clients that ask the alias and, one time in four, the base beside it."""

    def __init__(self, url, home, expected, requests):
        self.url, self.expected, self.requests = url, expected, requests
        self.door = aliases.Aliases(home)
        self.over, self.more = threading.Event(), threading.Condition()
        self.done = self.base = 0
        self.failed, self.wrong, self.used = [], [], set()

    def run(self, number):
        pick = random.Random(number)
        with httpx.Client(trust_env=False, timeout=300) as client:
            while not self.over.is_set():
                prompt, tokens = pick.choice(PROMPTS), pick.randint(1, LONGEST)
                if pick.random() < 0.25:
                    self.check(client, "local", prompt, tokens)
                else:
                    with self.door.leased(ALIAS) as target:
                        self.check(client, target.model, prompt, tokens)

    def check(self, client, model, prompt, tokens):
        try:
            said = ask(self.url, model, prompt, tokens, client)
        except (httpx.HTTPError, AssertionError) as error:
            said = None
            self.failed.append((model, repr(error)))
        if said not in (None, self.expected[model][prompt][:tokens]):
            self.wrong.append((model, prompt, said, self.expected[model][prompt][:tokens]))
        with self.more:
            self.base += model == "local"
            self.done += model != "local"
            self.used.add(model) if model != "local" else None
            self.more.notify_all()

    def reach(self, requests):
        with self.more:
            assert self.more.wait_for(lambda: self.done >= requests, timeout=600)


def alone(url, folder):
    """Return what an adapter answers when nothing else is asked."""
    hot.load(url, folder.name, folder)
    said = {prompt: ask(url, folder.name, prompt, LONGEST) for prompt in PROMPTS}
    hot.unload(url, folder.name)
    return said


def ask(url, model, prompt, tokens, client=httpx):
    """Return the tokens of a greedy answer of exactly that many."""
    body = {
        "model": model,
        "prompt": prompt,
        "temperature": 0,
        "max_tokens": tokens,
        "min_tokens": tokens,
        "logprobs": 0,
    }
    settings = {"trust_env": False} if client is httpx else {}
    reply = client.post(f"{url}/completions", json=body, timeout=300, **settings)
    assert reply.status_code == 200, reply.text
    choice = reply.json()["choices"][0]
    assert len(choice["logprobs"]["tokens"]) == tokens
    return choice["logprobs"]["tokens"]
