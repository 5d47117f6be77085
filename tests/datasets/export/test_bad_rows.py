"""Whatever stands in a row: it is read, or it has a reason; nothing else is lost with it."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from harnesses import ARGUMENTS, TOOL, answer

from harness_forge.config.duplicates import DuplicatesConfig
from harness_forge.config.engine import EngineConfig
from harness_forge.config.filters import FiltersConfig
from harness_forge.config.redaction import RedactionConfig
from harness_forge.core.errors import ExportError
from harness_forge.datasets.request import Treatment

WHOLE = Treatment(
    filters=FiltersConfig(),
    redaction=RedactionConfig(),
    key=bytes(32),
    duplicates=DuplicatesConfig(),
)
FINE = dict.fromkeys(ARGUMENTS, "echo fix the limit")


def calling(arguments) -> dict:
    function = {"name": "apply_fix", "arguments": arguments}
    return {"role": "assistant", "content": None, "tool_calls": [{"function": function}]}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"response": {"role": "assistant", "content": None}}, None),  # the strict parser read it
        ({"response": {"role": "assistant", "content": ""}, "tool_call": None}, "no_tool_call"),
        ({"response": answer(FINE) | {"content": "I will fix it."}}, None),
        ({"response": calling(FINE)}, None),
        ({"response": calling(json.dumps(FINE))}, None),
        ({"response": calling('{"fix_script": "echo')}, "broken_arguments"),
        ({"response": calling([1, 2])}, "broken_arguments"),
        ({"response": calling(7)}, "broken_arguments"),
        (
            {"response": {"role": "assistant", "tool_calls": [*answer(FINE)["tool_calls"]] * 2}},
            "several_calls",
        ),
        ({"response": {"role": "assistant", "tool_calls": "apply_fix"}}, "unknown_call_form"),
        ({"messages": []}, "no_prompt"),
        ({"messages": "fix it"}, "no_prompt"),
        ({"messages": [{"role": "user", "content": None}]}, "no_prompt"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "no_prompt"),
        ({"messages": [{"role": "user", "content": {"text": "x"}}]}, "no_prompt"),
        ({"messages": [{"role": "user", "content": [["x", "y"]]}]}, "not_text"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "unknown_role"),
        ({"messages": [{"role": "wizard", "content": "x", "name": "y"}]}, "unknown_role"),
        ({"response": calling({name: ["x"] for name in ARGUMENTS})}, "tool_calls"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "fix"}]}]}, None),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "not_text"),
        ({"messages": [{"role": "user", "content": "nul \x00"}]}, "unstorable_text"),
        ({"messages": [{"role": "user", "content": "half \ud800"}]}, "unstorable_text"),
        ({"messages": [{"role": "user", "content": "汉 🧪 \U0010ffff \u2028"}]}, None),
        ({"tools": "apply_fix"}, "unknown_tool_form"),
        ({"tools": [None, TOOL]}, None),
    ],
)
@pytest.mark.parametrize("workers", [0, 2])
def test_a_row_is_kept_or_has_a_reason(harness, sft, lines, changes, reason, workers):
    item = harness.item("rule_a")
    harness.attempt(item, "echo before")
    harness.attempt(item, "echo fix the limit", **changes)
    harness.attempt(item, "echo after")
    report = harness.export(sft, engine=EngineConfig(workers=workers), treatment=WHOLE)
    entries = lines(report.path / "ledger.jsonl")
    assert [entry["source"] for entry in entries] == [f"stig.turns:{n}" for n in (1, 2, 3)]
    assert [entries[0]["kept"], entries[2]["kept"]] == [True, True]
    assert entries[1].get("reason") == reason


def test_rows_of_50_mb_pass_through(harness, sft, lines):
    item = harness.item("rule_a")
    for letter in "ab":
        harness.attempt(item, "echo fix", prompt=f"{letter} " * 12_000_000)
    report = harness.export(sft, engine=EngineConfig(workers=1))
    assert report.kept == 2
    sizes = [len(row["messages"][1]["content"]) for row in lines(report.path / "train.jsonl")]
    assert sizes == [24_000_000, 24_000_000]


def test_clocks_that_go_backwards_change_nothing(harness, sft, lines):
    item = harness.item("rule_a")
    now = datetime(2026, 11, 21, tzinfo=UTC)
    for hours in (0, -5, -50_000):
        started = now + timedelta(hours=hours)
        harness.attempt(item, f"echo {hours}", started_at=started)
    rows = lines(harness.export(sft).path / "train.jsonl")
    assert [row["source"] for row in rows] == [f"stig.turns:{n}" for n in (1, 2, 3)]


def test_a_store_lost_midway_leaves_no_worker_and_no_file(harness, sft, store):
    """The statement is ended while workers hold batches."""
    for number in range(30):
        harness.attempt(harness.item("rule_a"), f"echo {number}")
    slow = replace(sft, require={"slow": "pg_sleep(0.2) IS NOT NULL"})
    ending = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'harness-forge' AND wait_event = 'PgSleep'"
    )

    def end() -> None:
        for _ in range(200):
            with store.engine.begin() as connection:
                if connection.exec_driver_sql(ending).fetchall():
                    return
            threading.Event().wait(0.05)

    ender = threading.Thread(target=end)
    ender.start()
    with pytest.raises(Exception, match="was lost while rows were read"):
        harness.export(slow, engine=EngineConfig(workers=2), treatment=WHOLE)
    ender.join()
    assert list(harness.data_dir.iterdir()) == []


@pytest.mark.parametrize("extension", ["jsonl", "jsonl.gz", "parquet"])
def test_a_full_disk_is_one_line_for_every_ending(harness, sft, monkeypatch, extension):
    import os

    harness.attempt(harness.item("rule_a"))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="the disk is full"):
        harness.export(sft, extension=extension)
    assert list(harness.data_dir.iterdir()) == []


@pytest.mark.parametrize("grown", [1, 3])
def test_a_disk_that_fills_as_the_index_grows_is_one_line(harness, sft, monkeypatch, grown):
    """Room for the index is reserved piece by piece, and a fault finds maps of it in use."""
    import os

    from harness_forge.datasets.dedup import table

    # Small enough to be outgrown by a few rows.
    monkeypatch.setattr(table, "_FIRST", 1)
    item = harness.item("rule_a")
    for number in range(60):
        harness.attempt(item, f"echo {number} of many that differ in all their words {number * 7}")
    reserve, asked = os.posix_fallocate, []

    def full(handle, start, size):
        asked.append(size)
        if len(asked) > 4 + grown:
            raise OSError(28, "No space left on device")
        reserve(handle, start, size)

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(ExportError, match="the disk is full"):
        harness.export(sft, treatment=Treatment(duplicates=DuplicatesConfig()))
    assert len(asked) == 5 + grown
    assert list(harness.data_dir.iterdir()) == []
