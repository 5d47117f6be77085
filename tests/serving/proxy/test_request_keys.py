"""Whose request it is."""

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.config.proxy import PatternConfig
from harness_forge.core.errors import ConfigError
from harness_forge.serving.proxy.keys import (
    Patterns,
    RequestKeys,
    keys_of_harness,
    keys_of_headers,
    keys_of_path,
)

STIG = PatternConfig(item=r"rule (\w+)", attempt=r"attempt (\d+)", role=r"You are the (\w+)")


def chat(*words):
    return {"messages": [{"role": "user", "content": word} for word in words]}


def test_a_path_names_run_and_role():
    assert keys_of_path("/r/r%2F1/worker/v1/x") == (RequestKeys(run="r/1", role="worker"), "/v1/x")
    assert keys_of_path("/v1/x") == (RequestKeys(), "/v1/x")


def test_headers_say_it_best():
    said = keys_of_headers({"x-forge-run": "h", "x-forge-attempt": "3", "x-forge-odd": "z"})
    assert said.filled(RequestKeys(run="p", role="worker")) == RequestKeys("h", "", 3, "worker")
    assert keys_of_headers({"x-forge-attempt": "-1"}).attempt == 0


def test_patterns_look_at_the_last_message_first():
    found = Patterns({"stig": STIG}).find(chat("You are the Worker", "rule a", "rule b, attempt 2"))
    assert found == RequestKeys(item="b", attempt=2, role="worker", skill="stig")


def test_the_skill_is_that_whose_item_is_found():
    patterns = Patterns({"stig": STIG, "cve": PatternConfig(item=r"RHSA-[\d:-]+")})
    assert patterns.find(chat("fix RHSA-2026:1")) == RequestKeys(item="RHSA-2026:1", skill="cve")
    assert patterns.find(chat("nothing")) == RequestKeys()
    assert patterns.find(chat("rule x RHSA-1"), "cve").skill == "cve"


def test_parts_of_a_message_and_other_requests_are_read_too():
    parts = [{"type": "image_url"}, {"type": "text", "text": "rule p"}]
    found = Patterns({"stig": STIG})
    assert found.find({"messages": [{"role": "user", "content": parts}]}).item == "p"
    assert found.find({"prompt": "rule q"}).item == "q"
    assert found.find({"input": "rule r"}).item == "r"
    assert found.find(["odd"]).item == ""


def test_a_system_prompt_in_parts_is_read_too():
    request = {"system": [{"type": "text", "text": "You are the Auditor"}], "messages": []}
    assert Patterns({"stig": STIG}).find(request).role == "auditor"


@pytest.mark.parametrize(
    ("headers", "keys"),
    [
        ({"x-claude-code-session-id": "s1"}, RequestKeys(run="claude-code-s1", item="s1")),
        (
            {"x-claude-code-session-id": "s1", "x-claude-code-agent-id": "a"},
            RequestKeys(run="claude-code-s1", item="s1", role="subagent"),
        ),
        ({"x-opencode-session": "s2"}, RequestKeys(run="opencode-s2", item="s2")),
        (
            {"session_id": "s3", "originator": "codex_cli_rs"},
            RequestKeys(run="codex-s3", item="s3"),
        ),
        ({"session-id": "s3", "user-agent": "codex-tui/1"}, RequestKeys(run="codex-s3", item="s3")),
        ({"session_id": "s3", "user-agent": "somebody/1"}, RequestKeys()),
        ({}, RequestKeys()),
    ],
)
def test_a_harness_names_its_session_in_a_header(headers, keys):
    assert keys_of_harness(headers) == keys


def test_a_pattern_cannot_take_for_ever():
    patterns = Patterns({"s": PatternConfig(item=r"(a+)+$")})
    assert patterns.find(chat("a" * 50_000 + "b")).item == ""


def test_a_pattern_that_is_none_is_told():
    with pytest.raises(ConfigError) as caught:
        Patterns({"s": PatternConfig(item="(?=x)")})
    assert caught.value.where == "proxy.patterns.s.item"


def test_gemma_forges_architect_has_no_item_and_its_worker_has():
    patterns = Patterns(compose(None, ["proxy=gemma_forge", "skill=gemma_stig"]).proxy.patterns)
    rule = "xccdf_org.ssgproject.content_rule_sshd_x"
    assert patterns.find(chat(f"Failing STIG rules:\n- {rule}")).item == ""
    found = patterns.find(chat(f"STIG rule: Set x\n({rule})\n\nAttempt 2"))
    assert (found.item, found.attempt) == ("sshd_x", 2)
