"""Whatever the rows are like: every row read ends in one ledger line, and the files agree."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from harness_forge.config.format import Turns
from harness_forge.core.errors import ExportError
from harness_forge.core.records import Origin, Split
from harness_forge.datasets import pipeline

TEXTS = (
    "echo plain",
    "",
    "  ",
    "ünïcödé 汉字 🧪 \U0010ffff",
    "line\u2028separator\u2029\x85next",
    "nul \x00 byte",
    "lone \ud800 surrogate",
    "quotes \" ' \\ \t \r\n",
    '{"json": [1, null]}',
    "x" * 200_000,
)
RESPONSES = (
    {"role": "assistant", "content": None},
    {"role": "assistant", "content": "", "tool_calls": []},
    {"role": "assistant", "content": ["a", {"text": "b"}]},
    {"role": "assistant", "tool_calls": [{"function": {"name": "apply_fix", "arguments": "{"}}]},
    {"role": "assistant", "tool_calls": [None, 3]},
    {},
)


def fill(harness, seed: int, rows: int = 40) -> None:
    """Write random rows of every kind, and one that can surely be kept and paired."""
    draw = random.Random(seed)
    kinds = [*Split, None]
    splits = [draw.choice(kinds) for _ in range(8)]
    items = [harness.item(f"rule_{number}", split) for number, split in enumerate(splits)]
    anchor = harness.item("anchor")
    harness.attempt(anchor, "good")
    harness.attempt(anchor, "bad", passed=False)
    for _ in range(rows):
        changes = {
            "origin": draw.choice(list(Origin)),
            "infrastructure": draw.random() < 0.1,
            "finish_reason": draw.choice(["tool_calls", "length", None]),
        }
        if draw.random() < 0.3:
            changes["response"] = draw.choice(RESPONSES)
        if draw.random() < 0.1:
            changes["messages"] = draw.choice([[], [{"role": "user"}], [{"content": "x"}]])
        purpose = draw.choice(["collect"] * 4 + ["evaluate"])
        place = draw.randrange(len(items))
        # What validation asks must not be asked in training: no such dataset is written.
        prompts = (None,) if splits[place] is Split.VALIDATION else (None, *TEXTS)
        attempt_id = harness.attempt(
            items[place],
            draw.choice(TEXTS),
            passed=draw.random() < 0.6,
            prompt=draw.choice(prompts),
            purpose=purpose,
            policy="gold" if purpose == "collect" else "model:x",
            **changes,
        )
        if draw.random() < 0.1:
            harness.skill.flag("attempts", attempt_id, "suspect", {}, "openscap")


@pytest.mark.parametrize("seed", range(4))
def test_rows_read_are_kept_plus_rejected(harness, sft, dpo, lines, seed):
    fill(harness, seed)
    with harness.skill.connect_read_only() as connection:
        (turns,) = connection.execute(
            "SELECT count(*) FROM turns t JOIN runs r ON r.id = t.run_id"
            " WHERE r.purpose = 'collect'"
        ).fetchone()
    for recipe in (sft, dpo):
        report = harness.export(recipe)
        ledger = lines(report.path / "ledger.jsonl")
        assert len({entry["source"] for entry in ledger}) == len(ledger) == report.read == turns
        assert report.kept + sum(report.rejected.values()) == turns
        reasons = Counter(entry["reason"] for entry in ledger if not entry["kept"])
        assert reasons == report.rejected
        for split, count in report.examples.items():
            path = report.path / f"{split}.jsonl"
            written = lines(path) if path.exists() else []
            assert len(written) == count
            named = {
                at
                for entry in ledger
                if entry["kept"] and entry["file"] == path.name
                for at in entry["lines"]
            }
            assert named == set(range(1, count + 1))
            assert {line["split"] for line in written} <= {split}


@pytest.mark.parametrize(
    ("turns", "path"), [(Turns.conversation, "conversations"), (Turns.each, "singles")]
)
def test_a_ledger_that_does_not_balance_is_an_error(harness, sft, monkeypatch, turns, path):
    harness.attempt(harness.item("rule_a"), "one")
    harness.attempt(harness.item("rule_a"), "two")
    whole = getattr(pipeline, path)

    def forgetful(done, *others):
        yield from whole(((rows[:1], ready[:1]) for rows, ready in done), *others)

    monkeypatch.setattr(pipeline, path, forgetful)
    with pytest.raises(ExportError, match="2 rows were read, but 1 kept and 0 rejected"):
        harness.export(sft, turns=turns)
    assert list(harness.data_dir.iterdir()) == []


def test_a_ledger_of_pairs_that_does_not_balance_is_an_error(harness, dpo, monkeypatch):
    item = harness.item("rule_a")
    harness.attempt(item, "good")
    harness.attempt(item, "bad", passed=False)
    harness.attempt(item, "worse", passed=False)
    whole = pipeline.EXPORTERS[dpo.kind]

    def forgetful(rows, *others):
        yield from whole(list(rows)[:2], *others)

    monkeypatch.setitem(pipeline.EXPORTERS, dpo.kind, forgetful)
    with pytest.raises(ExportError, match="3 rows were read, but 2 kept and 0 rejected"):
        harness.export(dpo)
    assert list(harness.data_dir.iterdir()) == []
