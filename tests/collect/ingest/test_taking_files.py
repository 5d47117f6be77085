import gzip
import json
import os
import signal
import subprocess
import sys

import pytest
from foreign_files import conversation

from harness_forge.core.errors import SourceError, StoreError

TAU = "model-air.json"


def test_the_same_file_twice_adds_nothing(take, count, tau_bench, tmp_path):
    path = tmp_path / TAU
    path.write_text(json.dumps([conversation(n, t) for n in range(8) for t in range(2)]))
    first, second = take(path, tau_bench), take(path, tau_bench)
    assert (first.added, second.added) == (16, 0)
    assert (count(), count("turns"), count("runs")) == (16, 32, 2)
    assert second.files[0].attempts == 16


def test_packed_or_moved_it_is_still_the_same_file(take, count, tau_bench, lines_of, tmp_path):
    path = lines_of(tmp_path / TAU, [conversation(n, 0) for n in range(4)])
    take(path, tau_bench)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / f"{TAU}.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert take(tmp_path / "elsewhere", tau_bench).added == 0
    assert count() == 4


def test_a_name_that_the_mapping_reads_makes_it_another_file(take, tau_bench, lines_of, tmp_path):
    records = [conversation(n, 0) for n in range(4)]
    take(lines_of(tmp_path / TAU, records), tau_bench)
    assert take(lines_of(tmp_path / "other-air.json", records), tau_bench).added == 4


def test_a_file_that_grew_goes_on_where_it_ended(take, count, tau_bench, lines_of, tmp_path):
    records = [conversation(n, 0) for n in range(6)]
    path = lines_of(tmp_path / TAU, records[:2])
    with path.open("a") as file:
        file.write(json.dumps(records[2])[:40])
    first = take(path, tau_bench)
    assert (first.added, first.files[0].malformed) == (2, 0)
    assert "the file ends here" in first.files[0].notes["line 3"]
    assert take(lines_of(path, records), tau_bench).added == 4
    assert (count(), count("runs")) == (6, 1)


KILLED = """
import os, signal, sys
from dataclasses import replace
from harness_forge.config.compose.engine import compose
from harness_forge.collect.ingest.files import ingest
from harness_forge.store.database import Store

def die(source, found):
    os.kill(os.getpid(), signal.SIGKILL)

config = compose(None, ["source=tau_bench", "skill=tau_bench", "source.path=" + sys.argv[2]])
with Store(sys.argv[1]) as store:
    ingest(store.skill("tau_bench"), config.source, config.split, die)
"""


def test_killed_midway_it_goes_on(store, take, count, tau_bench, lines_of, tmp_path):
    path = lines_of(tmp_path / TAU, [conversation(n, 0) for n in range(1200)])
    command = [sys.executable, "-c", KILLED, store.url, str(path)]
    assert subprocess.run(command, env=os.environ).returncode == -signal.SIGKILL
    assert (count(), count("runs", "status = 'running'")) == (500, 1)
    report = take(path, tau_bench)
    assert (report.added, report.files[0].attempts) == (700, 1200)
    assert count() == count("(SELECT DISTINCT item_id FROM attempts) a") == 1200
    assert count("runs", "status = 'complete'") == 1


def test_two_cannot_take_the_same_in_at_once(skill, take, tau_bench, lines_of, tmp_path):
    path = lines_of(tmp_path / TAU, [conversation(0, 0)])
    take(path, tau_bench)
    [key] = skill.intakes()
    held = skill.intake(key.removeprefix("ingest/"))
    with held, pytest.raises(StoreError, match="is being written by another process"):
        take(path, tau_bench)


def spoiled(path, records, *broken):
    lines = [json.dumps(record) for record in records]
    for place in broken:
        lines[place - 1] = '{"task_id":'
    path.write_text("".join(line + "\n" for line in lines))
    return path


def test_malformed_lines_are_counted_with_their_place(take, tau_bench, tmp_path):
    path = spoiled(tmp_path / TAU, [conversation(n, 0) for n in range(50)], 3, 7)
    [file] = take(path, tau_bench, max_bad_share=0.04).files
    assert (file.attempts, file.malformed) == (48, 2)
    assert [line.split(":")[0] for line in file.first_malformed] == ["3", "7"]


def test_too_many_malformed_lines_stop_it_and_a_higher_limit_lets_it_go_on(
    take, count, tau_bench, tmp_path
):
    path = spoiled(tmp_path / TAU, [conversation(n, 0) for n in range(50)], *range(10, 30))
    for _ in range(2):
        with pytest.raises(SourceError) as fault:
            take(path, tau_bench, max_bad_lines=5, max_bad_share=1.0)
        assert "6 of 15 lines are malformed" in fault.value.what
        assert "10: not_json" in fault.value.what
        assert count() == 9
        assert count("runs", "status = 'interrupted'") == 1
    report = take(path, tau_bench, max_bad_share=0.5)
    assert (count(), report.files[0].malformed) == (30, 20)


def test_a_share_stops_it_at_the_end(take, tau_bench, tmp_path):
    path = spoiled(tmp_path / TAU, [conversation(n, 0) for n in range(50)], 10)
    with pytest.raises(SourceError, match="1 of 50 lines are malformed"):
        take(path, tau_bench)


def test_at_most_ten_malformed_lines_are_shown(take, tau_bench, tmp_path):
    path = spoiled(tmp_path / TAU, [conversation(n, 0) for n in range(50)], *range(10, 30))
    [file] = take(path, tau_bench, max_bad_share=1.0).files
    assert len(file.first_malformed) == 10


def test_a_broken_array_says_where_and_keeps_what_stood_before(take, count, tau_bench, tmp_path):
    path = tmp_path / TAU
    path.write_text(json.dumps([conversation(n, 0) for n in range(3)])[:-30])
    for _ in range(2):
        with pytest.raises(SourceError, match=r"element 3: is no JSON"):
            take(path, tau_bench)
        assert count() == 2


def test_a_mapping_that_fitted_nothing_may_be_mended(take, count, tau_bench, lines_of, tmp_path):
    from dataclasses import replace

    path = lines_of(tmp_path / TAU, [conversation(n, 0) for n in range(4)])
    wrong = replace(tau_bench, mapping=replace(tau_bench.mapping, messages="{chat}"))
    with pytest.raises(SourceError, match="messages are nothing, not a list"):
        take(path, wrong)
    assert take(path, tau_bench).added == 4


def test_another_mapping_takes_rows_out_only_if_told_to(take, count, tau_bench, lines_of, tmp_path):
    from dataclasses import replace

    path = lines_of(tmp_path / TAU, [conversation(n, 0) for n in range(4)])
    take(path, tau_bench)
    other = replace(tau_bench, mapping=replace(tau_bench.mapping, agent="helper"))
    with pytest.raises(SourceError) as fault:
        take(path, other)
    assert fault.value.hint.startswith("source.again=true")
    assert take(path, other, again=True).added == 4
    assert (count(), count("turns", "agent = 'helper'"), count("turns")) == (4, 8, 8)


def test_limits_are_no_part_of_the_mapping(take, tau_bench, lines_of, tmp_path):
    path = lines_of(tmp_path / TAU, [conversation(n, 0) for n in range(4)])
    take(path, tau_bench)
    assert take(path, tau_bench, max_bad_lines=7, max_line_mb=9, files="*").added == 0


def test_items_get_splits_by_the_code_that_divides_all_others(
    take, ask, tau_bench, lines_of, tmp_path
):
    path = lines_of(tmp_path / TAU, [conversation(n, t) for n in range(40) for t in range(2)])
    report = take(path, tau_bench)
    assert sum(report.splits.values()) == 40
    assert {"train", "validation", "holdout"} <= report.splits.keys()
    before = ask("SELECT * FROM splits ORDER BY 1")
    take(lines_of(tmp_path / "more-air.json", [conversation(n, 0) for n in range(80)]), tau_bench)
    after = ask("SELECT * FROM splits ORDER BY 1")
    assert len(after) == 80
    assert set(before) <= set(after)


def test_rows_say_who_acted_and_who_judged(take, ask, tau_bench, lines_of, tmp_path):
    take(lines_of(tmp_path / TAU, [conversation(0, 0, 0.0)]), tau_bench)
    assert ask("SELECT policy, purpose, evaluator, skill FROM runs") == [
        ("model:model", "collect", "tau_bench", "tau_bench")
    ]
    assert ask("SELECT eval_passed, outcome_value, evaluator, origin FROM attempts") == [
        (False, 0.0, "tau_bench", "model")
    ]
    assert ask("SELECT outcome, attempts FROM work_items") == [("escalated", 1)]


def test_repeated_attempt_numbers_are_not_lost(take, ask, tau_bench, lines_of, tmp_path):
    take(lines_of(tmp_path / TAU, [conversation(0, 0) for _ in range(3)]), tau_bench)
    assert ask("SELECT attempt_num FROM attempts ORDER BY id") == [(1,), (2,), (3,)]


def test_a_surveyed_item_keeps_what_its_survey_found(
    skill, take, ask, tau_bench, lines_of, tmp_path
):
    from harness_forge.core.records import WorkItem

    skill.upsert_items([WorkItem("air-0", "Ours", "high", "ours", "group", False, "d")])
    take(lines_of(tmp_path / TAU, [conversation(0, 0)]), tau_bench)
    assert ask("SELECT title, family, full_cycle FROM items") == [("Ours", "ours", False)]
    assert ask("SELECT family, group_key FROM work_items") == [("ours", "group")]
    assert ask("SELECT * FROM splits") == []


def test_texts_that_postgresql_cannot_hold_come_back_whole(
    take, ask, tau_bench, lines_of, tmp_path
):
    from harness_forge.store.escaping import restored

    text = "nul \x00, lone \ud83d, whole \U0001f600"
    record = conversation(0, 0)
    record["traj"][4]["content"] = text
    take(lines_of(tmp_path / TAU, [record]), tau_bench)
    [(response,)] = ask("SELECT response FROM turns WHERE decisive")
    assert restored(response)["content"] == text


@pytest.mark.parametrize("megabytes", [5, pytest.param(50, marks=pytest.mark.soak)])
def test_a_huge_line_is_taken_in_whole(take, ask, tau_bench, lines_of, tmp_path, megabytes):
    record = conversation(0, 0)
    record["traj"][4]["content"] = "x" * (megabytes << 20)
    take(lines_of(tmp_path / TAU, [record]), tau_bench)
    assert ask("SELECT length(content) FROM turns WHERE decisive") == [(megabytes << 20,)]


def test_nesting_that_cannot_be_stored_is_malformed(take, tau_bench, tmp_path):
    deep = conversation(0, 0)
    text = json.dumps(deep).replace('"###STOP###"', "[" * 600 + "]" * 600)
    text = text.replace('"role": "user", "content": [', '"role": "assistant", "content": [')
    path = tmp_path / TAU
    path.write_text("".join(f"{line}\n" for line in [text, json.dumps(conversation(1, 0))]))
    [file] = take(path, tau_bench, max_bad_share=0.5).files
    assert (file.attempts, file.malformed) == (1, 1)
    assert "nested too deeply" in file.first_malformed[0]


@pytest.mark.parametrize("text", ['{"task_id": 1, "traj": [', '{"data": [{"task_id": 1'])
def test_a_file_with_the_beginning_of_one_record_alone_is_refused(take, tau_bench, tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(SourceError) as refused:
        take(path, tau_bench)
    assert str(refused.value) == (
        f"{path}: line 1: the file ends within its only record\n"
        "  hint: is it whole? one that is still being written can be taken in later"
    )


def test_words_that_are_no_record_are_malformed_though_no_newline_ends_them(
    take, tau_bench, tmp_path
):
    path = tmp_path / "a.json"
    path.write_text("<html>not found</html>")
    with pytest.raises(SourceError, match=r"1 of 1 lines are malformed; the first:\n  1: not_json"):
        take(path, tau_bench)


def test_parquet_is_taken_in_as_its_rows_as_json_lines_are(take, tau_bench, count, tmp_path):
    import pyarrow
    from pyarrow import parquet

    rows = [conversation(n, 0) for n in range(20)]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "model-air.parquet")
    report = take(tmp_path / "model-air.parquet", tau_bench)
    assert (report.added, count(), report.files[0].malformed) == (20, 20, 0)
