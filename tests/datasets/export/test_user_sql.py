"""What happens to SQL that users write: bound values, read-only, faults shown where they are."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from harness_forge.core.errors import ExportError
from harness_forge.datasets.sql import reading, statement


@pytest.fixture
def harness(harness):
    harness.attempt(harness.item("rule_a"))
    return harness


def fault(harness, recipe, **changes) -> str:
    with pytest.raises(ExportError) as caught:
        harness.export(replace(recipe, **changes))
    assert not list(harness.data_dir.glob("*"))
    return str(caught.value)


def line_of(sql: str, words: str) -> int:
    (number,) = (n for n, line in enumerate(sql.split("\n"), start=1) if words in line)
    return number


def test_a_typo_shows_the_servers_words_and_the_line(harness, sft):
    typo = sft.sql.replace("FROM turn_examples", "FROM turn_exampels")
    line = line_of(typo, "exampels")
    assert fault(harness, sft, sql=typo) == (
        f'export.sql line {line}: relation "turn_exampels" does not exist: FROM turn_exampels'
    )


def test_a_syntax_error_shows_the_line(harness, sft):
    wrong = sft.sql.replace("WHERE agent =", "WHEER agent =")
    line = line_of(wrong, "WHEER")
    assert fault(harness, sft, sql=wrong) == (
        f'export.sql line {line}: syntax error at or near "agent": WHEER agent = $1'
    )


def test_a_wrong_condition_is_named(harness, sft):
    require = {**sft.require, "mine": "pased AND true"}
    assert fault(harness, sft, require=require) == (
        'export.require.mine: column "pased" does not exist: pased AND true'
    )


def test_a_missing_column_is_named(harness, sft):
    short = sft.sql.replace("eval_passed, outcome_value,", "eval_passed,")
    assert fault(harness, sft, sql=short) == (
        "export.sql: returns no column 'outcome_value'\n"
        "  hint: docs/datasets.md lists the columns it must return"
    )


def test_a_parameter_nobody_gave_is_named_with_its_line(harness, sft):
    line = line_of(sft.sql, "%(agent)s")
    assert fault(harness, sft, params={"agents": "worker"}) == (
        f"export.sql line {line}: no parameter 'agent'\n"
        "  hint: did you mean 'agents'? export.params has: agents"
    )


def test_a_wrong_order_is_named(harness, sft):
    assert fault(harness, sft, order_by="turn_di").startswith(
        'export.order_by: column "turn_di" does not exist'
    )


def test_values_are_bound_never_spliced(harness, sft):
    evil = "worker' OR true; DROP TABLE turns; --"
    assert "no rows of role" in fault(harness, sft, params={**sft.params, "agent": evil})
    assert harness.export(sft).read == 1


def test_a_percent_sign_is_a_percent_sign(harness, sft):
    require = {**sft.require, "mine": "item_id LIKE 'rule%'"}
    assert harness.export(replace(sft, require=require)).kept == 1


def test_numbers_booleans_and_lists_bind(harness, sft):
    require = {
        **sft.require,
        "low": "outcome_value >= %(least)s AND %(yes)s",
        "other": "item_id = ANY(%(names)s)",
    }
    params = {**sft.params, "least": 0.5, "yes": True, "names": ["rule_a", "rule_b"]}
    assert harness.export(replace(sft, require=require, params=params)).kept == 1


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("a\0b", "export.params: PostgreSQL text fields cannot contain NUL (0x00) bytes"),
        ([1, "x"], "export.params: cannot dump lists of mixed types; got: int, str"),
        ({"a": 1}, "export.params: cannot adapt type 'dict' using placeholder '%s' (format: AUTO)"),
        ("\ud800", "export: its SQL or a value of it is no text"),
    ],
)
def test_a_value_that_cannot_be_sent_is_the_recipes_fault(harness, sft, value, told):
    require = {**sft.require, "mine": "item_id = %(mine)s"}
    assert fault(harness, sft, require=require, params={**sft.params, "mine": value}) == (
        f"{told}\n  hint: values may be texts, numbers, true, false, null and lists of one of them"
    )


def test_only_one_statement_is_taken(harness, sft):
    escape = ") AS q, (SELECT NULL::text AS reason) AS r; COMMIT; DROP TABLE turns; SELECT * FROM ("
    two = sft.sql.replace("%(agent)s", "'worker'") + escape + sft.sql
    assert "cannot insert multiple commands" in fault(harness, sft, sql=two)
    assert harness.export(sft).read == 1


def test_nothing_can_be_written(harness, sft):
    writing = sft.sql.replace("turn_id,", "turn_id, setval('turns_id_seq', 99),", 1)
    assert "cannot execute setval() in a read-only transaction" in fault(harness, sft, sql=writing)


def test_a_fault_at_run_time_is_told_in_one_line(harness, sft):
    require = {"mine": "1 / (turn_id - 1) > 0"}
    assert fault(harness, sft, require=require) == "export.sql: division by zero"


def test_sql_may_end_in_a_semicolon_and_a_comment(harness, sft):
    assert harness.export(replace(sft, sql=sft.sql.rstrip() + ";\n")).kept == 1
    assert harness.export(replace(sft, sql=sft.sql.rstrip() + " -- all of them")).kept == 1


def test_an_order_may_end_in_a_limit_of_its_own(harness, sft):
    harness.attempt(harness.item("rule_b"))
    assert harness.export(sft).read == 2
    assert harness.export(replace(sft, order_by="turn_id LIMIT 1")).read == 1


def test_rows_come_at_once_where_an_index_has_their_order(harness, sft):
    store = harness.skill
    with closing(store.connect_read_only()) as connection:
        reading.enter(connection, store.name)
        for setting in ("enable_seqscan", "enable_hashjoin"):  # few rows are sorted quicker
            connection.execute(f"SET {setting} = off")
        plain = statement.build(sft)
        chosen, forecast = reading.quickest(connection, plain)
        assert chosen == plain.early()
        assert forecast.rows >= 1
        odd = statement.build(replace(sft, order_by="md5(item_id)"))
        rows = [row.source for row in reading.read(connection, odd.early())]
        assert rows == [row.source for row in reading.read(connection, odd)]


def test_a_reason_must_be_a_word(harness, sft):
    require = {"it's": "true AND false"}
    assert fault(harness, sft, require=require).startswith("export.require.it's: is no plain word")


def test_null_is_not_true(harness, sft):
    require = {**sft.require, "mine": "NULL::boolean"}
    assert "mine 1" in fault(harness, sft, require=require)
