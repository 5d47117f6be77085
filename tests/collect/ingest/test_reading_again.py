"""source.again=true leaves the store as if the first reading had never been."""

import json
from dataclasses import replace

from foreign_files import conversation

TABLES = (
    "runs", "items", "work_items", "attempts", "turns", "tips", "tip_retrievals", "run_events",
    "label_flags", "splits", "captures", "draws", "outcomes", "bans", "lessons_current",
    "skill_settings",
)  # fmt: skip
OWN = {
    "id", "attempt_id", "row_hash", "created_at", "assigned_at", "updated_at", "surveyed_at",
    "started_at", "ended_at",
}  # fmt: skip
"""Numbers and times that no two readings share."""


def dump(skill):
    """Return every row of every table, without what no two readings share."""
    found = {}
    with skill.connect_read_only() as connection:
        for table in TABLES:
            rows = connection.execute(f"SELECT to_jsonb(t) FROM {table} t").fetchall()
            kept = [{key: value for key, value in row.items() if key not in OWN} for (row,) in rows]
            found[table] = sorted(json.dumps(row, sort_keys=True) for row in kept)
    return found


def test_after_it_the_store_is_as_if_the_first_reading_had_never_been(
    skill, store, take, tau_bench, lines_of, tmp_path
):
    path = lines_of(tmp_path / "model-air.json", [conversation(n, 0) for n in range(40)])
    wrong = replace(tau_bench, mapping=replace(tau_bench.mapping, item="x-{task_id}", run="w"))
    take(path, wrong)
    with skill.connect_read_only() as connection:
        [(flagged,)] = connection.execute("SELECT min(id) FROM attempts").fetchall()
    skill.flag("attempts", flagged, "odd", {}, "us")
    take(path, tau_bench, again=True)
    again = dump(skill)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA tau_bench CASCADE")
    store.upgrade("tau_bench")
    take(path, tau_bench)
    assert again == dump(skill)
    assert len(again["items"]) == 40


def test_items_that_another_file_has_keep_their_group_and_split(
    skill, take, ask, tau_bench, lines_of, tmp_path
):
    first = lines_of(tmp_path / "model-air.json", [conversation(n, 0) for n in range(30)])
    take(first, tau_bench)
    take(lines_of(tmp_path / "other-air.json", [conversation(n, 0) for n in range(10)]), tau_bench)
    before = dict(ask("SELECT item_id, split FROM items JOIN splits USING (group_key)"))
    moved = replace(tau_bench, mapping=replace(tau_bench.mapping, item="x-{task_id}"))
    take(first, moved, again=True)
    after = dict(ask("SELECT item_id, split FROM items JOIN splits USING (group_key)"))
    kept = {name for name in after if name.startswith("air-")}
    assert kept == {f"air-{n}" for n in range(10)}
    assert all(after[name] == before[name] for name in kept)


def test_a_file_that_was_mended_leaves_nothing_of_what_it_was(
    skill, take, count, tau_bench, tmp_path
):
    path = tmp_path / "model-air.json"
    whole = json.dumps([conversation(n, 0) for n in range(20)])
    path.write_text(whole.replace('"task_id": 7', '"task_id": oops'))
    take(path, tau_bench, max_bad_share=0.5)
    assert count() == 19
    path.write_text(whole)
    assert take(path, tau_bench, again=True).added == 20
    assert (count(), count("items"), count("runs")) == (20, 20, 1)


def test_what_a_survey_described_stays(skill, take, ask, tau_bench, lines_of, tmp_path):
    from harness_forge.core.records import WorkItem

    skill.upsert_items([WorkItem("air-0", "Ours", "high", "ours", "group", None, "d")])
    path = lines_of(tmp_path / "model-air.json", [conversation(0, 0)])
    take(path, tau_bench)
    other = replace(tau_bench, mapping=replace(tau_bench.mapping, item="x-{task_id}"))
    take(path, other, again=True)
    assert ask("SELECT item_id FROM items ORDER BY 1") == [("air-0",), ("x-0",)]


def test_files_that_hold_the_same_items_keep_nothing_of_their_groups(
    skill, store, take, tau_bench, lines_of, tmp_path
):
    folder = tmp_path / "runs"
    folder.mkdir()
    for name in ("one-air.json", "two-air.json"):
        lines_of(folder / name, [conversation(n, 0) for n in range(20)])
    wrong = replace(tau_bench, mapping=replace(tau_bench.mapping, group="g{task_id}"))
    take(folder, wrong)
    take(folder, tau_bench, again=True)
    again = dump(skill)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA tau_bench CASCADE")
    store.upgrade("tau_bench")
    take(folder, tau_bench)
    assert again == dump(skill)


def test_another_mapping_that_takes_nothing_of_the_name_is_refused_too(forge, tmp_path):
    path = tmp_path / "desk.jsonl"
    lines = [
        {"ticket": f"t{n}", "done": True, "chat": [
            {"role": "user", "content": f"Please open shelf {n * 7} of room {n}."},
            {"role": "assistant", "content": f"Shelf {n * 7} is open now, code {n * 31}."},
        ]}
        for n in range(1, 5)
    ]  # fmt: skip
    path.write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    words = ["source=trajectories", f"path={path}", "skill=recorded", "skill.name=desk"]
    words += ["source.mapping.messages={chat}", "source.mapping.outcome={done}"]
    code, said = forge("ingest", *words, "source.mapping.item='{@stem} {@line}'")
    assert code == 0, said
    for item in ("{ticket}", "{@stem} {ticket}"):
        code, said = forge("ingest", *words, f"source.mapping.item='{item}'")
        assert (code != 0, "taken in with another mapping" in said) == (True, True), said
    status = forge("store", "status", "skill=recorded", "skill.name=desk")[1]
    assert ["work_items", "4"] in [line.split() for line in status.splitlines()]
