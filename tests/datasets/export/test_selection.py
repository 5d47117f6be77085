"""Plain keys and a free condition choose rows; what they drop is in the ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.config.export import SelectConfig
from harness_forge.core.errors import ExportError
from harness_forge.core.records import Origin


@pytest.fixture
def harness(harness):
    """Two rules: gold passes both, a model passes the first at its second try."""
    first, second = harness.item("rule_a"), harness.item("rule_b")
    harness.attempt(first, "gold a")
    harness.attempt(second, "gold b")
    asked = {"policy": "model:small", "origin": Origin.MODEL, "model": "small"}
    harness.attempt(first, "model a 1", passed=False, value=0.4, **asked)
    harness.attempt(first, "model a 2", confidence=0.6, **asked)
    return harness


@pytest.fixture
def rejected(harness, sft):
    """What becomes of the rows; conditions on the outcome are left to `select`."""
    every = replace(sft, require={**sft.require, "not_passed": None})

    def export(**keys):
        return harness.export(replace(every, select=SelectConfig(**keys)), dry_run=True).rejected

    return export


@pytest.mark.parametrize(
    ("keys", "reasons"),
    [
        ({}, {}),
        ({"policy": ["gold"]}, {"other_policy": 2}),
        ({"policy": ["model"]}, {"other_policy": 2}),
        ({"policy": ["model:small", "gold"]}, {}),
        ({"model": ["small"]}, {"other_model": 2}),
        ({"run": ["none"]}, {"other_run": 4}),
        ({"min_value": 0.4}, {}),
        ({"min_value": 0.5}, {"low_value": 1}),
        ({"max_value": 0.5}, {"high_value": 3}),
        ({"min_confidence": 0.9}, {"low_confidence": 1}),
        ({"max_attempt": 1}, {"late_attempt": 1}),
        ({"min_attempt": 2}, {"early_attempt": 3}),
        ({"since": "2020-01-01"}, {}),
        ({"since": "2999-01-01T12:00:00+02:00"}, {"too_old": 4}),
        ({"until": "2020-01-01"}, {"too_new": 4}),
        ({"policy": ["model"], "max_attempt": 1}, {"other_policy": 2, "late_attempt": 1}),
    ],
)
def test_each_key_has_a_reason_of_its_own(rejected, keys, reasons):
    assert rejected(**keys) == reasons


def test_a_run_is_chosen_by_its_id(harness, rejected):
    assert rejected(run=[harness.run("gold")]) == {"other_run": 2}


def test_what_is_not_wanted_is_asked_before_what_is_required(harness, sft):
    report = harness.export(replace(sft, select=SelectConfig(policy=["gold"])), dry_run=True)
    assert report.rejected == {"other_policy": 2}


def test_a_date_that_is_none_is_told(harness, sft):
    with pytest.raises(ExportError) as caught:
        harness.export(replace(sft, select=SelectConfig(since="yesterday")))
    assert str(caught.value) == (
        "export.select.since: 'yesterday' is no date\n  hint: write it like 2026-11-21"
    )


def test_a_date_means_the_same_whatever_the_servers_time_zone(harness, sft, store):
    from harness_forge.datasets.sql import selection

    values = selection.values(SelectConfig(since="2026-11-21", until="2026-11-21T01:00:00+02:00"))
    assert values == {
        "select_since": "2026-11-21T00:00:00+00:00",
        "select_until": "2026-11-21T01:00:00+02:00",
    }


def test_where_is_one_more_condition_with_bound_values(harness, sft):
    params = {**sft.params, "name": "rule_a' OR true --"}
    wanted = replace(sft, where="item_id = %(name)s", params=params)
    assert harness.export(wanted, dry_run=True).rejected == {"not_selected": 4}
    params["name"] = "rule_a"
    report = harness.export(replace(wanted, params=params), dry_run=True)
    assert report.rejected == {"not_selected": 1, "not_passed": 1}


def test_a_typo_in_where_shows_the_servers_words_and_the_line(harness, sft):
    with pytest.raises(ExportError) as caught:
        harness.export(replace(sft, where="item_id = 'rule_a'\nAND pased"))
    assert str(caught.value) == 'export.where line 2: column "pased" does not exist: AND pased'


def test_where_cannot_write(harness, sft):
    with pytest.raises(ExportError, match="cannot execute setval"):
        harness.export(replace(sft, where="setval('turns_id_seq', 99) > 0"))


def test_a_column_that_the_sql_does_not_return_cannot_be_asked(harness, sft):
    short = replace(
        sft, sql=sft.sql.replace("attempt_num, ", ""), select=SelectConfig(max_attempt=1)
    )
    with pytest.raises(ExportError, match=r"export\.select\.max_attempt: column .*attempt_num"):
        harness.export(short)


def test_the_keys_work_from_the_command_line():
    words = ["export.select.policy=[gold]", "export.select.min_value=1", "export.where=eval_passed"]
    export = compose(None, ["role=worker", *words]).export
    assert (export.select.policy, export.select.min_value, export.where) == (
        ["gold"],
        1.0,
        "eval_passed",
    )


def test_flags_that_do_not_matter_are_named_once(harness):
    harness.skill.flag("attempts", 1, "suspect", {}, "openscap")
    strict = compose(None, ["role=worker"]).export
    lenient = compose(None, ["role=worker", "filters.label_flags.tolerate=[suspect]"]).export
    assert harness.export(strict, dry_run=True).rejected["label_flagged"] == 1
    assert "label_flagged" not in harness.export(lenient, dry_run=True).rejected
