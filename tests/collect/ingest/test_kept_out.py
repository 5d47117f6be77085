"""What was forgotten does not come back by taking the same source in again."""

import json
from dataclasses import replace

import pytest
from foreign_files import conversation

from harness_forge.core.errors import SourceError
from harness_forge.store.forgetting.forget import ForgetTarget, forget
from harness_forge.store.forgetting.tombstones import TombstoneKind

TAU = "model-air.json"


@pytest.fixture
def file(take, tau_bench, tmp_path):
    """Four items, two tries each, taken in."""
    path = tmp_path / TAU
    path.write_text(json.dumps([conversation(n, t) for n in range(4) for t in range(2)]))
    take(path, tau_bench)
    return path


@pytest.fixture
def gone(store):
    def out(kind, name, why="asked for"):
        return forget(store.url, store.skills(), ForgetTarget(kind, name), why)

    return out


def test_a_forgotten_source_is_refused_until_a_reason_is_said(take, tau_bench, file, gone, count):
    gone(TombstoneKind.source, "tau_bench")
    assert count() == count("turns") == count("runs") == 0
    for asked in ({}, {"again": True}):
        with pytest.raises(SourceError, match=r"was forgotten 20.*\(asked for\)"):
            take(file, tau_bench, **asked)
    assert take(file, tau_bench, again=True, reason="they signed").added == 8
    assert take(file, tau_bench).added == 0  # no longer refused


def test_its_file_is_known_under_another_name(take, tau_bench, file, gone, tmp_path):
    gone(TombstoneKind.source, "tau_bench")
    moved = file.rename(tmp_path / "other-air.json")
    with pytest.raises(SourceError, match="its rows were taken out"):
        take(moved, replace(tau_bench, name="mine"))


def test_a_run_stays_out_when_its_file_is_read_again(take, tau_bench, file, gone, ask):
    (first,), (second,) = ask("SELECT id FROM runs ORDER BY id")
    gone(TombstoneKind.run, first)
    report = take(file, tau_bench, again=True).files[0]
    assert ask("SELECT id FROM runs") == [(second,)]
    assert (report.added, report.left_out) == (4, {"forgotten": 4})
    assert "source.again=true source.reason=" in report.notes["forgotten"]


def test_an_item_stays_out_and_comes_back_with_a_reason(take, tau_bench, file, gone, count, store):
    item = "SELECT item_id FROM items ORDER BY item_id LIMIT 1"
    with store.skill("tau_bench").connect_read_only() as connection:
        name = connection.execute(item).fetchone()[0]
    gone(TombstoneKind.item, name)
    assert take(file, tau_bench, again=True).files[0].left_out == {"forgotten": 2}
    assert count("items", f"item_id = '{name}'") == 0
    assert take(file, tau_bench, again=True, reason="it was another one").added == 8
    assert take(file, tau_bench, again=True).added == 8  # said once, it holds


def test_a_file_read_to_its_end_says_what_of_it_was_forgotten_since(take, tau_bench, file, gone):
    gone(TombstoneKind.item, "air-0")
    report = take(file, tau_bench).files[0]
    assert report.added == 0
    said = report.notes["forgotten"]
    assert said.startswith("2 of its 8 attempts were forgotten: its item was forgotten 20")
    assert said.endswith(
        "(asked for); source.again=true source.reason='WHY' takes it in again, and the reason is"
        " kept"
    )
    take(file, tau_bench, again=True, reason="it was another one")
    assert take(file, tau_bench).files[0].notes == {}
