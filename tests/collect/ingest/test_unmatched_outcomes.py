"""A second file whose outcomes fit no record says so; the two name items differently."""

import json

import pytest

from harness_forge.collect.ingest.dry_run import dry_run
from harness_forge.config.source import MappingConfig, OutcomesFileConfig, SourceConfig
from harness_forge.core.errors import SourceError

MAPPING = MappingConfig(item="{task}", messages="{chat}")
CHAT = [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]


def trial(folder, report, records, **judged):
    folder.mkdir(exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report))
    for number, name in enumerate(records):
        record = {"task": name, "chat": CHAT}
        (folder / f"r{number}.jsonl").write_text(json.dumps(record) + "\n")
    config = SourceConfig(
        name="bench",
        path=str(folder),
        files="r?.jsonl",
        mapping=MAPPING,
        outcomes=OutcomesFileConfig("report.json", **judged),
    )
    return dry_run(config, "s").report.hint


BY_ID = {"item": "{id}", "outcome": "{ok}"}


@pytest.mark.parametrize(
    ("report", "judged"),
    [
        ({"id": "T-1", "ok": True}, BY_ID),
        ({"T-1": {"ok": True}}, {"outcome": "{ok}"}),
        ({"passed": ["T-1"]}, {"outcome": "{passed}"}),
    ],
)
def test_names_of_both_sides_are_shown_where_none_is_in_both(tmp_path, report, judged):
    hint = trial(tmp_path, report, ["t1", "t2", "t3"], **judged)
    assert hint == (
        "report.json has outcomes of 'T-1', …, and of no item in the records ('t1', 't2', …):"
        " source.outcomes.item and source.mapping.item must give the same name"
        " (then with source.again=true)"
    )


@pytest.mark.parametrize(
    ("report", "judged"),
    [
        ({"id": "t3", "ok": True}, BY_ID),
        ({"id": "t2", "ok": False}, BY_ID),
        ({"passed": ["t2", "elsewhere"]}, {"outcome": "{passed}"}),
        ({"passed": []}, {"outcome": "{passed}"}),
    ],
)
def test_one_that_fits_is_enough_in_whichever_file(tmp_path, report, judged):
    assert trial(tmp_path, report, ["t1", "t2", "t3"], **judged) == ""


def unread(folder, report, records, **judged):
    """Return what is said of one file with all records."""
    folder.mkdir(exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report))
    told = [json.dumps({"task": name, "chat": CHAT}) for name in records]
    (folder / "r.jsonl").write_text("\n".join(told) + "\n")
    outcomes = OutcomesFileConfig("report.json", **judged)
    config = SourceConfig(
        name="bench", path=str(folder / "r.jsonl"), mapping=MAPPING, outcomes=outcomes
    )
    [file] = dry_run(config, "s").report.files
    return file.unread


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [("T-1", "t-1"), ("7", "007"), ("case-7", "case-07"), ("pad", " pad"), ("\u00e9", "e\u0301")],
)
def test_names_that_are_nearly_one_are_shown(tmp_path, theirs, mine):
    said = [
        f"report.json names {theirs!r} and the records {mine!r}: items whose names differ in case,"
        " blanks, zeros or the form of letters alone"
    ]
    report = {"b": {"ok": True}, theirs: {"ok": True}}
    assert unread(tmp_path, report, ["b", mine], outcome="{ok}") == [
        f"{said[0]} have no outcome: 1"
    ]
    passed = {"passed": ["b", theirs]}
    found = unread(tmp_path, passed, ["b", mine], outcome="{passed}")
    assert found == [f"{said[0]} count as failed: 1"]


def test_names_that_are_two_items_are_not_taken_for_one(tmp_path):
    report = {"7": {"ok": True}, "other": {"ok": True}}
    assert unread(tmp_path, report, ["007", "7", "b"], outcome="{ok}") == []


def test_an_outcome_that_several_attempts_got_is_told(tmp_path):
    report = {"a": {"ok": True}, "b": {"ok": True}}
    assert unread(tmp_path, report, ["a", "b", "a", "a"], outcome="{ok}") == [
        "report.json says one outcome of an item, and each of its attempts has it;"
        " items with several attempts: 1"
    ]


def test_the_command_shows_it(store, forge, lines_of, tmp_path):
    path = lines_of(tmp_path / "a.jsonl", [{"task": "t1", "chat": CHAT}])
    lines_of(tmp_path / "report.json", [{"id": "T-1", "ok": True}])
    words = [
        "source=trajectories", f"path={path}", "source.mapping.item='{task}'",
        "source.mapping.messages='{chat}'", "source.outcomes.file=report.json",
        "source.outcomes.item='{id}'", "source.outcomes.outcome='{ok}'",
    ]  # fmt: skip
    code, said = forge("ingest", *words)
    assert code == 0, said
    assert "  hint: report.json has outcomes of 'T-1', …, and of no item in the records" in said


def test_outcomes_in_a_table_are_refused_with_the_command_that_makes_lines_of_them(tmp_path):
    (tmp_path / "r.jsonl").write_text(json.dumps({"task": "a", "chat": CHAT}) + "\n")
    (tmp_path / "report.csv").write_text("id,ok\na,True\nb,False\n")
    config = SourceConfig(
        name="bench",
        path=str(tmp_path / "r.jsonl"),
        mapping=MAPPING,
        outcomes=OutcomesFileConfig("report.csv", **BY_ID),
    )
    with pytest.raises(
        SourceError, match=r"report\.csv: is a table \(CSV\)\n.*as JSON lines: python3"
    ):
        dry_run(config, "s")
