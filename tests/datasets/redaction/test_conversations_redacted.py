"""A redactor that remembers messages writes what one that remembers nothing writes."""

from __future__ import annotations

import json
import random

import pytest

from harness_forge.config.redaction import RedactionConfig
from harness_forge.datasets.redaction import remembered
from harness_forge.datasets.redaction.redactor import Redactor

KEY = bytes(range(32))
HOSTS = ("web01", "db-7.corp.example.net", "10.2.3.4", "jump-3")
LINES = (
    "ssh deploy@{} uptime",
    "ping {}",
    "password: hunter2secretX",
    "see web01 and db-7",
    "mail ana.smith@corp.example.net",
    "plain words only",
    "postgres://bob:S3cr3tPass9@{}/db",
    "hunter2secretX again",
)


def conversation(draw: random.Random) -> list[dict]:
    def text() -> str:
        return "\n".join(draw.choice(LINES).format(draw.choice(HOSTS)) for _ in range(3))

    def message() -> dict:
        secret = draw.choice(("hunter2secretX", "abcd1234efgh", "web01"))
        arguments = json.dumps({"command": text(), "secret": secret})
        call = {"id": "c1", "function": {"name": "Bash", "arguments": arguments}}
        return draw.choice(
            (
                {"role": "user", "content": text()},
                {"role": "user", "content": secret},
                {"role": "tool", "content": json.dumps({"password": secret, "of": text()})},
                {"role": "assistant", "content": "", "tool_calls": [call]},
                {"role": "user", "content": "", "extra": [text(), {"token": secret}]},
            )
        )

    return [message() for _ in range(draw.randint(2, 12))]


def fresh(value):
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("most", [1 << 26, 9000])
def test_it_writes_what_it_would_without_its_memory(monkeypatch, most):
    monkeypatch.setattr(remembered, "_MOST", most)
    draw, shared, replaced = random.Random(7), Redactor(RedactionConfig(), KEY), 0
    for _ in range(25):
        said = conversation(draw)
        for turn in draw.sample(range(1, len(said)), len(said) - 1):
            asked = fresh(said[:turn])
            alone = Redactor(RedactionConfig(), KEY)
            prompt, answer = shared.messages(asked), shared.messages([said[turn]], after=asked)
            again = fresh(said[:turn])
            assert prompt == alone.messages(again)
            assert answer == alone.messages([said[turn]], after=again)
            replaced += sum(prompt[1].values()) + sum(answer[1].values())
    assert replaced > 500


def test_a_name_that_comes_up_later_goes_out_of_what_was_remembered():
    redactor = Redactor(RedactionConfig(), KEY)
    first = {"role": "user", "content": "is web01 up?"}
    assert redactor.messages([first, first])[0][0] is first
    second = {"role": "user", "content": "ssh deploy@web01 uptime"}
    (shown, _), counts = redactor.messages([first, second])
    assert "web01" not in shown["content"]
    assert counts["host"] == 2
    assert redactor.messages([first, first])[0][0] is first


def test_what_is_no_plain_json_is_looked_through_each_time():
    redactor = Redactor(RedactionConfig(), KEY)
    odd = [{"content": "ssh deploy@web01", "n": 2**80}, {"content": "half \ud800 web01"}]
    for _ in range(2):
        (first, second), _ = redactor.value(odd)
        assert "web01" not in first["content"] + second["content"]
