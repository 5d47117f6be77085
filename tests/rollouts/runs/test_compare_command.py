"""`forge compare` over runs in a store, also such as another harness writes."""

import json
import time
from dataclasses import replace

import pytest

from harness_forge import cli
from harness_forge.cli.compare import render
from harness_forge.config.scap import ScapConfig
from harness_forge.core.errors import EvalError
from harness_forge.evaluation import runs

HARNESS = """
INSERT INTO runs (id, skill, policy, status) VALUES (%(run)s, 'stig', %(policy)s, 'complete');
"""
ITEM = """
INSERT INTO work_items (run_id, item_id, title, category, outcome, attempts, wall_time_s)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
ATTEMPT = """
INSERT INTO attempts (run_id, item_id, attempt_num, eval_passed, prompt_tokens,
                      completion_tokens, wall_time_s, infrastructure)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


@pytest.fixture
def write(store, config):
    """Return what writes a run: rows of work_items and of attempts."""

    def add(run, items, attempts=()):
        with store.skill("stig")._transaction() as connection:
            connection.execute(HARNESS, {"run": run, "policy": f"model:{run}"})
            for row in items:
                connection.execute(ITEM, [run, *row])
            for row in attempts:
                connection.execute(ATTEMPT, [run, *row])

    return add


def test_run_n_against_run_n_plus_1(write, config):
    write(
        "n",
        [("a", "A", "net", "completed", 2, 4.0), ("b", "B", "net", "escalated", 1, 1.0)],
        [
            ("a", 1, False, 90, 10, 3.0, False),
            ("a", 2, True, 190, 10, 1.0, False),
            ("b", 1, False, 90, 10, 1.0, False),
        ],
    )
    write(
        "m",
        [("a", "A", "net", "completed", 1, 1.0), ("b", "B", "net", "escalated", 1, 1.0)],
        [("a", 1, True, 40, 10, 1.0, False), ("b", 1, False, 0, 0, 1.0, True)],
    )
    first, second, found = runs.compare(config, "n", "m")
    assert (first["policy"], second["policy"]) == ("model:n", "model:m")
    told = {name: (m.pairs, m.first, m.second) for name, m in found.measures.items()}
    assert told["first_try"] == (1, 0.0, 1.0)  # b has no verdict in m
    assert told["attempts_to_success"] == (1, 2.0, 1.0)
    assert told["tokens_per_attempt"] == (2, 400 / 3, 50 / 2)
    assert told["seconds_per_attempt"] == (2, 5 / 3, 2 / 2)
    assert [one.item_id for one in found.gained] == ["a"]


def test_a_harness_that_writes_only_failures_is_read_by_its_outcomes(write, config):
    write("n", [("a", "A", "net", "completed", 1, 2.0), ("b", "B", "net", "completed", 2, 2.0)],
          [("b", 1, False, None, None, 0.0, False)])  # fmt: skip
    write("m", [("a", "A", "net", "escalated", 3, 2.0), ("b", "B", "net", "completed", 1, 2.0)])
    found = runs.compare(config, "n", "m")[2]
    first = found.measures["first_try"]
    assert (first.only_first, first.only_second) == (1, 1)
    assert found.measures["success"].second == 0.5
    assert found.measures["attempts_to_success"].first == 2.0
    assert "tokens_per_attempt" not in found.measures


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("n", "x", "run 'x': is no run"),
        ("", "n", "run '': is the beginning of 2 runs"),
        ("n", "empty", "empty: has finished no item yet"),
    ],
)
def test_a_wrong_run_is_one_line(write, config, first, second, told):
    write("n", [("a", "A", "net", "completed", 1, 2.0)])
    write("empty", [])
    with pytest.raises(EvalError) as caught:
        runs.compare(config, first, second)
    assert f"{caught.value.where}: {caught.value.what}" == told
    assert "n (model:n)" in caught.value.hint


def test_runs_are_listed_with_what_passed(write, config, capsys):
    write(
        "n",
        [("a", "A", "net", "completed", 2, 4.0), ("b", "B", "net", "escalated", 1, 1.0)],
        [("a", 1, False, 1, 1, 1.0, False), ("a", 2, True, 1, 1, 1.0, False)],
    )
    write("m", [("a", "A", "net", "completed", 1, 1.0)])  # no attempt is written
    write("lost", [("a", "A", "net", "escalated", 1, 1.0)], [("a", 1, False, 1, 1, 1.0, True)])
    where = f"store.url='{config.store.url}'"
    assert cli.main(["ls", "runs", where, "--json"]) == 0
    found = {one["id"]: one for one in json.loads(capsys.readouterr().out)}
    told = {
        name: (one["items"], one["passed"], one["attempts"], one["without_verdict"])
        for name, one in found.items()
    }
    assert told == {"n": (2, 1, 2, 0), "m": (1, 1, 0, 0), "lost": (1, 0, 1, 1)}
    assert {one["skill"] for one in found.values()} == {"stig"}
    assert cli.main(["ls", "runs", where, "skill=stig"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["n", "stig", "model:n", "collect", "complete", "2", "1", "50.0%", "2"] in rows
    assert cli.main(["ls", "runs", where, "skill=cis"]) == 0
    assert "no run yet" in capsys.readouterr().out


def test_a_slip_in_a_run_is_answered_with_the_run_and_the_newest_ones(write, config):
    for number in range(10):
        write(f"run-{number}-of-ten", [("a", "A", "net", "completed", 1, 2.0)])
    with pytest.raises(EvalError) as caught:
        runs.compare(config, "run-7-of-tne", "run-1")
    assert caught.value.hint.startswith("did you mean 'run-7-of-ten'? the newest: run-9-of-ten ")
    assert "run-1-of-ten" not in caught.value.hint


def test_the_command_shows_tables_and_writes_json(write, config, capsys):
    write("n", [("a", "A", "net", "escalated", 1, 2.0), ("b", "B", "net", "completed", 1, 2.0)])
    write("m", [("a", "A", "net", "completed", 1, 2.0), ("b", "B", "net", "completed", 1, 2.0)])
    line = ["compare", "n", "m", "skill=stig", f"store.url='{config.store.url}'"]
    assert cli.main(line) == 0
    shown = capsys.readouterr().out
    assert "passed only in the second: 1\n  a  (net)" in shown
    assert cli.main([*line, "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    assert read["gained"] == ["a"] and read["measures"]["first_try"]["second"] == 1.0


@pytest.mark.soak
def test_runs_of_100k_items_are_compared_in_three_seconds(store, config):
    with store.skill("stig")._transaction() as connection:
        for run, odds in (("n", 3), ("m", 2)):
            connection.execute(HARNESS, {"run": run, "policy": "model:x"})
            connection.execute(
                "INSERT INTO work_items (run_id, item_id, title, category, family, outcome,"
                " attempts) SELECT %s, 'item-' || n, 'title', 'c' || n %% 9, 'f' || n %% 500,"
                " 'completed', 1 FROM generate_series(1, 100000) AS n",
                [run],
            )
            connection.execute(
                "INSERT INTO attempts (run_id, item_id, attempt_num, eval_passed, prompt_tokens,"
                " completion_tokens, wall_time_s) SELECT %s, 'item-' || n, 1, n %% %s = 0, 90, 10,"
                " 1.5 FROM generate_series(1, 100000) AS n",
                [run, odds],
            )
        connection.execute("ANALYZE")
    started = time.perf_counter()
    found = runs.compare(config, "n", "m")[2]
    seconds = time.perf_counter() - started
    print(f"\n100k items: {seconds:.2f} s")
    assert found.items == 100_000 and seconds < 3


def test_a_harness_that_writes_only_the_last_attempt_is_read_by_its_number(write, config):
    rows = [("a", "A", "net", "completed", 1, 2.0), ("b", "B", "net", "completed", 1, 2.0)]
    write("n", rows, [("a", 3, True, 9, 1, 1.0, False), ("b", 1, True, 9, 1, 1.0, False)])
    write("m", rows, [("a", 1, True, 9, 1, 1.0, False), ("b", 1, True, 9, 1, 1.0, False)])
    found = runs.compare(config, "n", "m")[2]
    assert (found.measures["first_try"].first, found.measures["first_try"].second) == (0.5, 1.0)
    assert found.measures["success"].first == 1.0
    assert found.measures["attempts_to_success"].first == 2.0


def test_a_run_over_several_skills_is_told_apart_by_skill(store, config, capsys):
    for skill, second in (("stig", "completed"), ("dice", "escalated")):
        store.upgrade(skill)
        with store.skill(skill)._transaction() as connection:
            for run, outcome in (("n", "completed" if skill == "dice" else "escalated"),
                                 ("m", second)):  # fmt: skip
                connection.execute(HARNESS, {"run": run, "policy": f"model:{run}"})
                connection.execute(ITEM, [run, "a", "A", "net", outcome, 1, 1.0])
    skills = {name: replace(config.skill, name=name) for name in ("stig", "dice")}
    both = replace(config.skill, scap=ScapConfig("", "", "", ""))
    several = replace(config, skill=both, skills=skills)
    one, other, found = runs.compare(several, "n", "m")
    told = {name: (skill.first, skill.second) for name, skill in found.skills.items()}
    assert told == {"stig": (0.0, 1.0), "dice": (1.0, 0.0)}
    assert "first try, by skill" in render(one, other, found)


def test_runs_of_another_skill_are_found_by_their_ids(store, config, write, capsys):
    store.upgrade("dice")
    with store.skill("dice")._transaction() as connection:
        for run, outcome in (("d1", "escalated"), ("d2", "completed")):
            connection.execute(HARNESS, {"run": run, "policy": f"model:{run}"})
            connection.execute(ITEM, [run, "a", "A", "net", outcome, 1, 1.0])
    write("s1", [("a", "A", "net", "completed", 1, 1.0)])
    found = runs.compare(config, "d1", "d2")[2]
    assert [(one.skill, one.item_id) for one in found.gained] == [("dice", "a")]
    with pytest.raises(EvalError) as caught:
        runs.compare(config, "s1", "d1")
    told = "two runs without a skill in common: s1 is of stig, d1 is of dice"
    assert caught.value.what == told
    # A skill that the store does not have is not made by looking.
    other = replace(config, skill=replace(config.skill, name="cis"))
    assert runs.compare(other, "d1", "d2")[2].items == 1
    assert store.skills() == ["dice", "stig"]
