"""`forge export` as typed: what it prints and what it exits with."""

from __future__ import annotations

import pytest

from harness_forge import cli
from harness_forge.core.records import Origin, Split


@pytest.fixture
def forge(store, harness, capsys):
    def run(*words: str) -> tuple[int, str, str]:
        where = [f"store.url='{store.url}'", f"data_dir={harness.data_dir}"]
        code = cli.main(["export", "role=worker", "skill=stig", *where, *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_prints_what_became_of_the_rows(forge, harness):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    harness.attempt(item, "bad", passed=False)
    harness.attempt(harness.item("rule_v", Split.VALIDATION), "good")
    code, out, _ = forge()
    assert code == 0
    head, *rows = out.splitlines()
    assert head == f"{harness.data_dir}/stig_worker_sft"
    assert [row.split() for row in rows[:6]] == [
        ["rows", "read", "3"],
        ["rows", "kept", "2"],
        ["train", "examples", "1"],
        ["validation", "examples", "1"],
        ["rows", "rejected", "1"],
        ["not_passed", "1"],
    ]
    assert [row.split()[0] for row in rows[6:]] == [
        "held_out.jsonl",
        "items.jsonl",
        "ledger.jsonl",
        "train.jsonl",
        "validation.jsonl",
        "length:",
    ]


def test_rows_that_share_an_example_are_said(forge, harness):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    harness.attempt(item, "bad", passed=False)
    told = "note: 2 rows made 1 example: a conversation, a pair or a prompt is one example,"
    assert told in forge("format=dpo")[1]


def test_dry_run_writes_nothing(forge, harness):
    harness.attempt(harness.item("rule_a"))
    code, out, _ = forge("--dry-run")
    assert code == 0
    assert "(counted only, nothing written)" in out
    assert not harness.data_dir.exists()


def test_format_dpo_picks_its_recipe(forge, harness):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    harness.attempt(item, "bad", passed=False)
    code, out, _ = forge("format=dpo")
    assert (code, out.splitlines()[0]) == (0, f"{harness.data_dir}/stig_worker_dpo")


def test_fallback_is_switched_on_by_name(forge, harness):
    harness.attempt(harness.item("rule_a"), origin=Origin.CONTENT)
    assert forge()[0] == 7
    assert forge("export.include_fallback=true")[0] == 0
    assert forge("export.require.content_fallback=null")[0] == 0


def test_an_empty_store_says_what_to_run(forge, harness):
    code, out, err = forge()
    assert (code, out) == (7, "")
    assert err == (
        f"forge: {harness.data_dir}/stig_worker_sft: no rows of role 'worker' in skill 'stig'\n"
        "  hint: nothing is there yet: forge run skill=stig policy=gold attempts a skill that has"
        " an environment, forge ingest takes in what others recorded\n"
    )


def test_nothing_to_train_on_exits_with_7(forge, harness):
    harness.attempt(harness.item("rule_a"), passed=False)
    code, _, err = forge()
    assert code == 7
    assert "nothing to train on: 1 rows read, 0 kept" in err
    assert forge("--dry-run")[0] == 7


def test_a_role_without_a_recipe_is_told_which_there_are(forge):
    code, _, err = forge("role=architect", "format=dpo")
    assert code == 2
    assert "there is no 'architect_dpo'" in err
    assert "role and format together name it" in err


def test_a_role_without_turns_is_one_clear_line(forge, harness):
    harness.attempt(harness.item("rule_a"))
    code, out, err = forge("role=architect")
    assert (code, out) == (7, "")
    assert err == (
        f"forge: {harness.data_dir}/stig_architect_sft: no rows of role 'architect' in skill "
        "'stig'\n  hint: roles with turns here: worker (1)\n"
    )
