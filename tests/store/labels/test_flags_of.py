"""A row is concerned by its own flags and by those of what it belongs to."""

from __future__ import annotations

import pytest

from harness_forge.store.labels.flags import flags_of


@pytest.fixture
def rows(connection, planted):
    """An attempt with its two turns and a retrieval, each flagged once."""
    run = planted.run("one")
    tried = planted.attempt(run, planted.item(run, "banner"))
    made = {
        "attempts": tried,
        "worker": planted.turn(run, "worker", "x", attempt_id=tried, decisive=True),
        "reflector": planted.turn(run, "reflector", "y", attempt_id=tried),
        "tip_retrievals": planted.retrieval(run, "banner", 0.0, attempt_id=tried),
    }
    made["tips"] = connection.execute("SELECT tip_id FROM tip_retrievals").fetchone()[0]
    for name, row in made.items():
        table = "turns" if name in ("worker", "reflector") else name
        connection.execute(
            "INSERT INTO label_flags (target_table, target_id, reason, evidence, evaluator)"
            " VALUES (%s, %s, %s, '{\"n\": 1}', 'us')",
            [table, row, f"of_{name}"],
        )
    return made


@pytest.mark.parametrize(
    ("name", "concerned"),
    [
        ("attempts", {"of_attempts", "of_worker"}),
        ("worker", {"of_attempts", "of_worker"}),
        ("reflector", {"of_attempts", "of_reflector"}),
        ("tip_retrievals", {"of_attempts", "of_tip_retrievals", "of_tips"}),
        ("tips", {"of_tips"}),
    ],
)
def test_flags_are_those_that_exporters_see(connection, rows, name, concerned):
    table = "turns" if name in ("worker", "reflector") else name
    flags = flags_of(connection, table, [rows[name]])[rows[name]]
    assert {flag.reason for flag in flags} == concerned


def test_the_views_see_the_same(connection, rows):
    for view, key, name in (
        ("attempt_examples", "attempt_id", "attempts"),
        ("turn_examples", "turn_id", "reflector"),
        ("tip_examples", "retrieval_id", "tip_retrievals"),
    ):
        table = "turns" if name == "reflector" else name
        query = f"SELECT flag_reasons FROM {view} WHERE {key} = %s"
        seen = connection.execute(query, [rows[name]]).fetchone()[0]
        flags = flags_of(connection, table, [rows[name]])[rows[name]]
        assert sorted({flag.reason for flag in flags}) == seen


def test_a_flag_names_its_row_and_brings_its_evidence(connection, planted, audit):
    run = planted.run("one")
    item = planted.item(run, "banner", "completed")
    tried = planted.passing(run, item, signals={"health": "UNHEALTHY: nginx"})
    audit()
    (flag,) = flags_of(connection, "attempts", [tried])[tried]
    assert flag.target == f"attempts:{tried}"
    assert flag.evidence == {"passed": True, "health": "UNHEALTHY: nginx"}
    assert (flag.evaluator, flag.kind) == ("gemma_forge", "wrong")
    assert flag.why == "it passed, but the health report does not start with HEALTHY"


def test_rows_without_flags_are_there_too(connection, rows):
    assert flags_of(connection, "turns", [99])[99] == []
    assert flags_of(connection, "turns", []) == {}
