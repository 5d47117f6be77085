"""The thresholds: what is planted goes, what only looks like it stays."""

import json

import fresh
import measuring
import pytest
from lookalikes import lookalikes
from planted import planted

from harness_forge.config.redaction import RedactionConfig
from harness_forge.datasets.redaction.redactor import Redactor

RECALL, PRECISION = 0.99, 0.97


@pytest.fixture(scope="module")
def redactor():
    return Redactor(RedactionConfig(), b"corpus" * 4)


def test_the_corpus_is_as_large_as_promised():
    secrets = list(planted())
    assert len(secrets) >= 300
    assert len({one.kind for one in secrets}) >= 30
    assert min(sum(one.kind == kind for one in secrets) for kind in {o.kind for o in secrets}) >= 10
    assert len(lookalikes()) >= 300
    assert secrets == list(planted()), "another run gives another corpus"


@pytest.mark.parametrize("measure", [measuring.measured, measuring.unseen])
def test_every_kind_keeps_the_thresholds(measure):
    for kind, score in measure().items():
        assert score.found >= RECALL * score.planted, (kind, score)
        assert score.right >= PRECISION * score.replaced, (kind, score)


@pytest.mark.parametrize("seed", [77, 78])
def test_other_draws_of_the_same_templates_keep_them_too(redactor, seed):
    texts = [(one, redactor.text(one.text)) for one in planted(seed=seed)]
    assert [one.text for one, new in texts if any(value in new for value in one.values)] == []


@pytest.mark.parametrize("texts", [list(planted()), list(fresh.planted())])
def test_a_secret_in_the_arguments_of_a_call_goes_and_the_arguments_stay_json(redactor, texts):
    for one in texts:
        arguments = json.dumps({"fix_script": f"#!/bin/bash\n{one.text}\ntrue", "n": 1})
        call = {"type": "function", "function": {"name": "run", "arguments": arguments}}
        message = {"role": "assistant", "content": "", "tool_calls": [call]}
        [new], counts = redactor.messages([message])
        held = json.loads(new["tool_calls"][0]["function"]["arguments"])
        assert counts
        assert held["n"] == 1
        assert not [value for value in one.values if value in held["fix_script"]], one.text


def test_what_was_redacted_once_is_left_alone(redactor):
    for one in [*planted(), *fresh.planted()]:
        once = redactor.text(one.text)
        again, counts = redactor.value(once)
        assert (again, dict(counts)) == (once, {})


def test_the_gate_opens_for_everything_that_a_rule_finds(redactor):
    gate = redactor._gate
    texts = [one.text for one in [*planted(seed=5), *fresh.planted(seed=5)]] + lookalikes()
    for text in texts:
        hit = set(gate.hit(text))
        for index, rule in enumerate(gate._rules):
            assert index in hit or not list(rule.find(text)), (rule.kind, rule.hint, text)


def test_the_documentation_says_what_was_measured():
    assert measuring.tables() in measuring.DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a\\nDB_PASSWORD=hunter77x\\nb", "hunter77x"),
        ("obj['password'] = 'hunter77x'", "hunter77x"),
        ('{\\"api_key\\": \\"a8Kq02nVb7Zx\\"}', "a8Kq02nVb7Zx"),
        ("--db-password=hunter77x", "hunter77x"),
        ("?password=hunter77x&user=1", "hunter77x"),
        ("PASSWORD2 := 'hunter77x'", "hunter77x"),
    ],
)
def test_an_assignment_is_seen_whatever_stands_around_it(redactor, text, value):
    assert value not in redactor.text(text)
