"""Two processes that take files into one skill at once, and a clock that was set back."""

import json
import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime

from foreign_files import conversation

from harness_forge.collect.ingest.files import ingest
from harness_forge.config.split import SplitConfig
from harness_forge.store import entries
from harness_forge.store.database import Store


def _take(url, config, start):
    with Store(url) as store:
        start.wait()
        ingest(store.skill("tau_bench"), config, SplitConfig())


def test_files_with_items_in_common_both_come_in(skill, store, ask, tau_bench, lines_of, tmp_path):
    context = multiprocessing.get_context("spawn")
    start, writers = context.Barrier(2), []
    for name, tasks in (("one", range(300)), ("two", range(299, 99, -1))):
        path = lines_of(tmp_path / f"{name}-air.json", [conversation(n, 0) for n in tasks])
        config = replace(tau_bench, path=str(path))
        writers.append(context.Process(target=_take, args=(store.url, config, start)))
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert ask("SELECT count(*), count(DISTINCT item_id) FROM attempts") == [(500, 300)]
    assert ask("SELECT count(*) FROM items LEFT JOIN splits USING (group_key) WHERE split IS NULL"
               ) == [(0,)]  # fmt: skip
    assert ask("SELECT count(*) FROM work_items w JOIN items i USING (item_id)"
               " WHERE w.group_key <> i.group_key") == [(0,)]  # fmt: skip


def test_a_clock_set_back_changes_neither_order_nor_reading_again(
    skill, take, ask, count, tau_bench, lines_of, tmp_path, monkeypatch
):
    class Earlier(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2001, 1, 1, tzinfo=UTC)

    path = lines_of(tmp_path / "a-air.json", [conversation(0, trial) for trial in range(3)])
    take(path, tau_bench)
    with path.open("a") as file:
        file.write(json.dumps(conversation(0, 3)) + "\n")
    monkeypatch.setattr(entries, "datetime", Earlier)
    assert take(path, tau_bench).added == 1
    query = "SELECT response->>'content' FROM turns WHERE decisive ORDER BY attempt_id"
    assert ask(query) == [(f"Moved flight 0, try {trial}.",) for trial in range(4)]
    assert take(path, tau_bench).added == 0
    assert take(path, tau_bench, again=True).added == 4
    assert count() == 4
