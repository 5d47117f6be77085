"""The second set: pieces of files and logs, by subject, and texts that only look like it."""

import json

import pytest
from documents import IDENTITIES, SECRETS, documents
from harmless import HARMLESS

from harness_forge.config.redaction import RedactionConfig
from harness_forge.datasets.redaction.redactor import Redactor

ALL = [*SECRETS, *IDENTITIES]


@pytest.fixture(scope="module")
def redactor():
    return Redactor(RedactionConfig(), b"corpus" * 4)


def test_the_second_set_is_as_large_as_promised():
    assert sum(len(one.values) for one in documents(SECRETS)) >= 250
    assert len(HARMLESS) >= 100


def test_what_stands_in_files_goes(redactor):
    left = [
        (one.text, value)
        for one in documents(ALL)
        for value in one.values
        if value in redactor.text(one.text)
    ]
    assert left == []


@pytest.mark.parametrize("seed", [42, 43, 44, 45])
def test_other_values_in_these_files_go_too(redactor, seed):
    pieces = list(documents(ALL, seed))
    left = sum(value in redactor.text(one.text) for one in pieces for value in one.values)
    assert left <= 0.01 * sum(len(one.values) for one in pieces)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_it_stays(redactor, text):
    assert redactor.text(text) == text


def test_a_file_in_the_arguments_of_a_call_goes_too_and_they_stay_json(redactor):
    left = []
    for one in documents(SECRETS):
        arguments = json.dumps({"path": "/etc/x", "content": one.text, "n": 1})
        call = {"type": "function", "function": {"name": "write", "arguments": arguments}}
        [new], _ = redactor.messages([{"role": "assistant", "content": "", "tool_calls": [call]}])
        held = json.loads(new["tool_calls"][0]["function"]["arguments"])
        assert held["n"] == 1
        left += [value for value in one.values if value in held["content"]]
    assert left == []


def test_files_that_were_redacted_once_are_left_alone(redactor):
    for one in documents(ALL):
        once = redactor.text(one.text)
        assert redactor.text(once) == once


def test_the_gate_opens_for_every_file_in_which_a_rule_finds_something(redactor):
    gate = redactor._gate
    for text in [*(one.text for one in documents(ALL, 46)), *HARMLESS]:
        hit = set(gate.hit(text))
        for index, rule in enumerate(gate._rules):
            assert index in hit or not list(rule.find(text)), (rule.kind, rule.hint, text)


def test_variables_of_a_container_are_told_by_their_names(redactor):
    variables = [{"name": "DB_PASSWORD", "value": "hunter77x"}, {"name": "MODE", "value": "fast7x"}]
    new, _ = redactor.value({"env": variables})
    assert new["env"][0]["value"].startswith("redacted-password-")
    assert new["env"][1] == variables[1]


def test_a_finding_shows_among_other_texts_too(redactor):
    texts = [one.text for one in documents(ALL)]
    assert len(texts) > 100
    for text in texts:
        if redactor.findings(text):
            for around in (["a", text, "b"], [text, "7"], ["z_", text], ["x" * 5000, text]):
                assert not redactor.finds_nothing_in(around), text
    quiet = ["set the option", "one more line\nand another"]
    assert redactor.finds_nothing_in(quiet)


@pytest.mark.parametrize("line", ["echo {} >> ~/.pgpass", "printf '{}' > $HOME/.pgpass"])
def test_a_password_that_a_command_appends_to_a_file_of_passwords_goes(line):
    redactor = Redactor(RedactionConfig(), b"k" * 32)
    assert "S3cretPw9x" not in redactor.text(line.format("db01:5432:shop:svc:S3cretPw9x"))
    kept = "echo a:b:c:d:e1f2g3 > ports.txt"
    assert redactor.text(kept) == kept
