"""Ledgers of decisions that were edited, lost, or written under another clock."""

import errno
import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from champion_steps import config_of, judge, promote, top
from loop_files import lines

from harness_forge.core import chain
from harness_forge.core.errors import PromoteError
from harness_forge.promotion.history import rollback, slot_histories
from harness_forge.registry import decisions, timing


@pytest.fixture
def config(loop):
    return config_of(loop)


EDITS = [
    (lambda text: text.replace('"number": "1.1.0"', '"number": "9.9.9"'), ":2: was changed"),
    (lambda text: text.replace('"skill": "lamps"', '"skill": "doors"'), ":1: was changed"),
    (lambda text: "".join(reversed(text.splitlines(keepends=True))), ":1: does not follow"),
    (lambda text: text + text.splitlines(keepends=True)[0], ":4: does not follow"),
    (lambda text: "\n" + text, ":1: was changed"),
    (lambda text: text.replace("{", "[", 1), ":1: was changed"),
    (lambda text: "".join(text.splitlines(keepends=True)[:-1]), "lines were taken out"),
    (lambda text: "", "lines were taken out"),
]


@pytest.mark.parametrize(("edit", "said"), EDITS)
def test_a_ledger_edited_by_hand_stops_everything(config, loop, three, edit, said):
    place = decisions.path(loop.home)
    edited = edit(place.read_text())
    place.write_text(edited)
    for verb in (slot_histories, lambda c: rollback(c, None, "x"), lambda c: promote(c, loop)):
        with pytest.raises(PromoteError, match=said):
            verb(config)
    assert place.read_text() == edited


def test_a_ledger_that_is_gone_stops_everything(config, loop, three):
    decisions.path(loop.home).unlink()
    for verb in (slot_histories, lambda c: rollback(c, None, "x"), lambda c: promote(c, loop)):
        with pytest.raises(PromoteError, match="lines were taken out"):
            verb(config)


def test_a_rejection_rewritten_as_a_promotion_is_told(config, loop):
    promote(config, loop)
    judge(loop, 0.5, 1)
    assert promote(config, loop).outcome.value == "rejected"
    place = decisions.path(loop.home)
    first, last = lines(place)
    last["decision"] = "promoted"
    last["hash"] = chain.digest(last)
    place.write_text("".join(json.dumps(one) + "\n" for one in (first, last)))
    with pytest.raises(PromoteError, match=r"decisions\.head names a decision it does not hold"):
        slot_histories(config)


def test_a_home_that_can_only_be_read_is_read(config, loop, three, monkeypatch):
    def refuse(path, flags, *rest, real=os.open):
        if flags & os.O_RDWR and str(path).startswith(str(loop.home)):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", refuse)
    said = []
    (one,) = slot_histories(config, said.append)
    assert one.stack[-1].candidate.digest == three[-1]
    place = decisions.path(loop.home)
    assert said == [f"{place}: cannot be opened: Read-only file system; read as it is"]
    with pytest.raises(PromoteError, match="cannot be opened: Read-only file system"):
        rollback(config, None, "x")


def test_a_last_line_hashed_anew_is_told_by_the_pointer(config, loop, three):
    place = decisions.path(loop.home)
    *before, last = lines(place)
    last["champion_after"]["digest"] = three[0]
    last["hash"] = chain.digest(last)
    place.write_text("".join(json.dumps(one) + "\n" for one in [*before, last]))
    with pytest.raises(PromoteError, match="names a decision it does not hold"):
        slot_histories(config)


@pytest.mark.parametrize("days", [-4000, 4000])
def test_a_clock_that_jumps_moves_no_champion(config, loop, three, days, monkeypatch):
    true = timing.now
    monkeypatch.setattr(timing, "now", lambda: true() + timedelta(days=days))
    said = []
    rollback(config, None, "slow", said.append)
    monkeypatch.setattr(timing, "now", true)
    judge(loop, 0.9, 9)
    promote(config, loop, say=said.append)
    book = decisions.read(loop.home)
    times = [one["time"] for one in book]
    assert times == sorted(times)
    late = book[3 if days < 0 else 4]
    assert "it was set back, or that one ahead" in said[0]
    assert abs(datetime.fromisoformat(late["clock"]) - datetime.now(UTC)) < timedelta(days=4001)
    assert top(config) == loop.digest
