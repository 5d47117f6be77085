"""The shipped worker_sft recipe, from recorded attempts to lines on disk."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import ExportError
from harness_forge.core.records import Origin, Split


def rejected(harness, recipe) -> dict[str, int]:
    """Export beside one good row, so that there is something to train on."""
    harness.attempt(harness.item("anchor"), "echo anchor")
    return harness.export(recipe).rejected


def test_a_passing_turn_becomes_messages_with_tools(harness, sft, lines):
    harness.attempt(harness.item("rule_a"), "echo 'ä'")
    harness.export(sft)
    (line,) = lines(harness.data_dir / "stig_worker_sft" / "train.jsonl")
    assert [message["role"] for message in line["messages"]] == ["system", "user", "assistant"]
    call = line["messages"][-1]["tool_calls"][0]
    assert json.loads(call["function"]["arguments"])["fix_script"] == "echo 'ä'"
    assert json.loads(line["tools"])[0]["function"]["name"] == "apply_fix"
    assert (line["source"], line["item_id"], line["origin"]) == ("stig.turns:1", "rule_a", "ours")
    assert None not in line.values()


def test_each_line_goes_to_the_file_of_its_split(harness, sft):
    harness.attempt(harness.item("rule_a", Split.TRAIN))
    harness.attempt(harness.item("rule_b", Split.VALIDATION))
    assert harness.export(sft).examples == {"train": 1, "validation": 1}


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("not_passed", {"passed": False}),
        ("content_fallback", {"origin": Origin.CONTENT}),
        ("broken_on_purpose", {"origin": Origin.MUTATED}),
        ("infrastructure", {"infrastructure": True}),
        ("cut_response", {"finish_reason": "length"}),
        ("no_tool_call", {"tool_call": None}),
        ("no_prompt", {"messages": []}),
        ("no_prompt", {"messages": [{"role": "user", "content": None}]}),
        ("no_prompt", {"messages": [{"role": "user", "content": {"image": "x"}}]}),
        ("unknown_tool", {"tools": []}),
        ("unstorable_text", {"messages": [{"role": "user", "content": "a\x00b"}]}),
    ],
)
def test_a_row_that_must_not_be_learned_is_rejected_with_its_reason(harness, sft, reason, changes):
    harness.attempt(harness.item("rule_a"), **changes)
    assert rejected(harness, sft) == {reason: 1}


@pytest.mark.parametrize(
    ("split", "reason"),
    [(Split.HOLDOUT, "held_out"), (Split.QUARANTINE, "quarantined"), (None, "no_split")],
)
def test_only_train_and_validation_items_are_kept(harness, sft, split, reason):
    harness.attempt(harness.item("rule_a", split))
    assert rejected(harness, sft) == {reason: 1}


def test_flagged_labels_are_rejected(harness, sft):
    attempt_id = harness.attempt(harness.item("rule_a"))
    harness.skill.flag("attempts", attempt_id, "lock_in", {}, "openscap")
    assert rejected(harness, sft) == {"label_flagged": 1}


def test_the_same_prompt_and_answer_is_kept_once(harness, sft, lines):
    item = harness.item("rule_a")
    for _ in range(3):
        harness.attempt(item, "echo same")
    report = harness.export(sft)
    assert (report.kept, report.rejected) == (1, {"duplicate": 2})
    assert lines(report.path / "train.jsonl")[0]["source"] == "stig.turns:1"


def test_fallback_rows_come_in_by_name(harness, sft):
    harness.attempt(harness.item("rule_a"), origin=Origin.CONTENT)
    params = {**sft.params, "include_fallback": True}
    assert harness.export(replace(sft, params=params)).kept == 1
    off = {**sft.require, "content_fallback": None}
    assert harness.export(replace(sft, require=off)).kept == 1


def test_a_call_left_in_the_text_is_read_from_the_parsed_call(harness, sft, lines):
    text = '<tool_call>{"name": "apply_fix", "arguments": {}}</tool_call>'
    harness.attempt(
        harness.item("rule_a"), response={"role": "assistant", "content": text}, policy="model:x"
    )
    report = harness.export(sft)
    message = lines(report.path / "train.jsonl")[0]["messages"][-1]
    assert message["content"] == ""
    assert json.loads(message["tool_calls"][0]["function"]["arguments"])["fix_script"]


def test_text_beside_a_call_is_kept(harness, sft, lines):
    function = {"name": "apply_fix", "arguments": {"fix_script": "x"}}
    response = {"role": "assistant", "content": "Here:", "tool_calls": [{"function": function}]}
    harness.attempt(harness.item("rule_a"), response=response)
    report = harness.export(sft)
    message = lines(report.path / "train.jsonl")[0]["messages"][-1]
    assert message["content"] == "Here:"
    assert message["tool_calls"][0]["function"]["arguments"] == '{"fix_script": "x"}'


@pytest.mark.parametrize(
    ("reason", "calls"),
    [
        ("several_calls", [{"function": {}}, {"function": {}}]),
        ("broken_arguments", [{"function": {"name": "apply_fix", "arguments": '{"fix'}}]),
        ("broken_arguments", [{"function": {"name": "apply_fix", "arguments": "[1]"}}]),
        ("unknown_tool", [{"function": {"name": "rm", "arguments": "{}"}}]),
        ("unknown_call_form", ["apply_fix"]),
        ("unknown_call_form", "apply_fix"),
    ],
)
def test_a_malformed_call_is_no_answer(harness, sft, reason, calls):
    harness.attempt(harness.item("rule_a"), response={"role": "assistant", "tool_calls": calls})
    assert rejected(harness, sft) == {reason: 1}


def test_evaluation_runs_are_not_even_read(harness, sft):
    harness.attempt(harness.item("rule_a"), purpose="evaluate", policy="model:x")
    harness.attempt(harness.item("rule_b"))
    assert harness.export(sft).read == 1


def test_no_recipe_can_export_an_evaluation_run_or_the_holdout(harness, sft):
    harness.attempt(harness.item("rule_a"))
    harness.attempt(harness.item("rule_b"), purpose="evaluate", policy="model:x")
    harness.attempt(harness.item("rule_c", Split.HOLDOUT))
    lie = """
        SELECT t.id::text AS source, t.run_id, t.item_id, 'f' AS family, 'train' AS split,
               'p' AS policy, 'o' AS origin, 'e' AS evaluator, true AS eval_passed,
               1.0 AS outcome_value, t.messages, t.tools, t.response, a.tool_call
        FROM turns t JOIN attempts a ON a.id = t.attempt_id
    """
    report = harness.export(replace(sft, sql=lie, order_by="source", require={}))
    assert report.rejected == {"evaluation_run": 1, "held_out": 1}


def test_manifest_accounts_for_every_file_and_row(harness, sft):
    harness.attempt(harness.item("rule_a"))
    harness.attempt(harness.item("rule_a"), "echo no fix", passed=False)
    report = harness.export(sft)
    manifest = json.loads((report.path / "manifest.json").read_text())
    assert manifest["rows"] == {"read": 2, "kept": 1, "rejected": {"not_passed": 1}}
    assert manifest["watermark"] == harness.skill.watermark()
    assert manifest["seen"]["policies"] == {"gold": 1}
    assert manifest["settings"]["sql"] == sft.sql
    for name, facts in manifest["files"].items():
        written = (report.path / name).read_bytes()
        assert facts["sha256"] == hashlib.sha256(written).hexdigest()
        assert facts["lines"] == written.count(b"\n")


def test_ledger_names_the_line_of_each_kept_row(harness, sft, lines):
    for number in range(4):
        harness.attempt(harness.item("rule_a"), f"echo {number}", passed=number != 1)
    path = harness.export(sft).path
    train = lines(path / "train.jsonl")
    for entry in lines(path / "ledger.jsonl"):
        if entry["kept"]:
            (at,) = entry["lines"]
            assert train[at - 1]["source"] == entry["source"]
        else:
            assert entry == {"source": "stig.turns:2", "kept": False, "reason": "not_passed"}


def test_two_exports_of_one_store_are_the_same_bytes(harness, sft):
    for number in range(20):
        item = harness.item(f"rule_{number % 5}")
        harness.attempt(item, f"echo {number}", passed=bool(number % 3))
    first = {p.name: p.read_bytes() for p in harness.export(sft).path.iterdir()}
    second = {p.name: p.read_bytes() for p in harness.export(sft).path.iterdir()}
    assert first == second
    assert set(first) == {
        "train.jsonl",
        "items.jsonl",
        "ledger.jsonl",
        "manifest.json",
        "README.md",
    }


def test_a_dry_run_counts_and_writes_nothing(harness, sft):
    harness.attempt(harness.item("rule_a"))
    report = harness.export(sft, dry_run=True)
    assert (report.kept, report.examples["train"], report.files) == (1, 1, {})
    assert not harness.data_dir.exists()


def test_nothing_to_train_on_is_an_error_that_names_the_condition(harness, sft):
    for number in range(3):
        harness.attempt(harness.item("rule_a"), f"echo {number}", passed=False)
    harness.attempt(harness.item("rule_b", Split.VALIDATION))
    with pytest.raises(ExportError) as caught:
        harness.export(sft)
    assert str(caught.value) == (
        f"{harness.data_dir}/stig_worker_sft: nothing to train on: 4 rows read, 1 kept "
        "(1 for validation), rejected: not_passed 3\n"
        "  hint: most fell to export.require.not_passed: eval_passed"
    )
    assert list(harness.data_dir.iterdir()) == []


def test_a_role_without_rows_is_told_which_roles_there_are(harness, sft):
    harness.attempt(harness.item("rule_a"))
    with pytest.raises(ExportError) as caught:
        harness.export(replace(sft, params={**sft.params, "agent": "auditor"}))
    assert caught.value.hint == "roles with turns here: worker (1)"


def test_rows_of_another_prompt_context_are_rejected_those_of_other_harnesses_are_not(harness, sft):
    for name, config in (
        ("here", {"host": "H"}),
        ("described", {"host": "H", "prompt_context": "description"}),
        ("elsewhere", {"agent": "someone"}),
    ):
        run = harness.skill.open_run(
            policy="gold",
            purpose="collect",
            config=config,
            evaluator="openscap",
            evaluator_version="1.3.7",
            content_digest="c",
        )
        harness.runs[name, "collect"] = run.run_id
        harness.attempt(harness.item(f"rule_{name}"), f"echo {name}", policy=name)
    report = harness.export(sft)
    assert report.rejected == {"other_prompt": 1}
    assert report.examples["train"] == 2
    described = compose(None, ["role=worker", "skill=stig", "prompt.context=description"]).export
    assert harness.export(described).rejected == {"other_prompt": 1}


def test_a_store_of_another_prompt_context_alone_is_told_how_its_rows_are_exported(harness):
    run = harness.skill.open_run(
        policy="gold",
        purpose="collect",
        config={"host": "H"},
        evaluator="openscap",
        evaluator_version="1.3.7",
        content_digest="c",
    )
    harness.runs["gold", "collect"] = run.run_id
    harness.attempt(harness.item("rule_a"))
    described = compose(None, ["role=worker", "skill=stig", "prompt.context=description"]).export
    with pytest.raises(ExportError) as caught:
        harness.export(described)
    assert "prompt.context=none or prompt.context=description" in caught.value.hint
    plain = compose(None, ["role=worker", "skill=stig", "prompt.context=none"]).export
    assert harness.export(plain).examples["train"] == 1
