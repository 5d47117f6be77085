"""Champions by skill and role: numbered, gone back from, and safe from each other."""

import json
import multiprocessing
from dataclasses import replace

import pytest
from champion_steps import SEAT, config_of, first, judge, of_doors, promote, top, trained_for
from loop_files import lines

from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import PromoteError
from harness_forge.promotion.decide import decide
from harness_forge.promotion.files import Files
from harness_forge.promotion.history import find_champion, rollback, slot_histories
from harness_forge.registry import champion, decisions


@pytest.fixture
def config(loop):
    return config_of(loop)


def test_a_promotion_says_skill_role_target_and_version(config, loop, three):
    book = lines(decisions.path(loop.home))
    assert {(one["skill"], one["role"], one["target"]) for one in book} == {
        ("lamps", "worker", "a")
    }
    assert [one["version"]["number"] for one in book] == ["1.0.0", "1.1.0", "1.2.0"]
    assert book[1]["version"]["why"] == "+30.0 points on replay/new_rule"
    told = json.loads(champion.pointer(loop.home, SEAT).read_text())
    assert told["version"] == "lamp-worker-1.2.0"
    assert json.loads((loop.outputs / "promote.json").read_text())["version"]["number"] == "1.2.0"


@pytest.mark.parametrize("word", ["line", "digest", "label", "number"])
def test_rollback_to_any_earlier_entry(config, loop, three, word):
    (one,) = slot_histories(config)
    oldest = one.stack[0]
    said = {
        "line": oldest.line[:8],
        "digest": oldest.candidate.digest[:8],
        "label": oldest.candidate.label,
        "number": "1.0.0",
    }[word]
    down, up = rollback(config, None, "slow", to=said)
    assert (down.digest, up.digest) == (three[2], three[0])
    assert top(config) == three[0]
    assert len(decisions.read(loop.home)) == 4


def test_who_was_passed_over_stays_down_too(config, loop, three):
    rollback(config, None, "both slow", to="1.0.0")
    judge(loop, 0.6, 6)
    # The second again: as good as when it was promoted, and taken down since.
    second = next(p for p in (loop.home / "adapters").iterdir() if p.name.endswith(three[1][:12]))
    loop.digest = three[1]
    first(loop, 6)
    loop.prove()
    loop.evaluate()
    decision = decide(config, Files.of(loop.outputs, second.resolve()))
    assert decision.outcome.value == "rejected"
    assert "both slow" in decision.facts["why"]


def test_one_taken_down_may_come_back_by_hand(config, loop, three):
    rollback(config, None, "slow", to="1.0.0")
    rollback(config, None, "not so slow", to="1.2.0")
    assert top(config) == three[2]
    assert promote(config, loop).facts["champion_after"]["digest"] == three[2]
    rollback(config, None, "slow after all")
    assert top(config) == three[0]


def test_rollback_to_no_champion_or_the_current_one_is_refused(config, three):
    for word, said in (
        ("9.9.9", "9.9.9 was never"),
        ("1.2.0", "champion already"),
        ("ab", "never"),
    ):
        with pytest.raises(PromoteError, match=said):
            rollback(config, None, "x", to=word)


def test_a_version_given_is_not_given_again(config, loop, three):
    rollback(config, None, "slow", to="1.0.0")
    judge(loop, 0.9, 9)
    assert promote(config, loop).facts["version"]["number"] == "1.3.0"
    assert find_champion(slot_histories(config)[0], "1.2.0").candidate.digest == three[2]


def test_an_adapter_of_another_skill_is_never_champion_of_this_one(config, loop, monkeypatch):
    promote(config, loop)
    before = top(config)
    trained_for(loop, 0.5, ["doors"], monkeypatch)
    decision = promote(config, loop)
    assert decision.outcome.value == "rejected"
    assert "trained for doors, measured on lamps" in decision.facts["why"]
    assert champion.pointer(loop.home, SEAT).exists()
    assert not champion.pointer(loop.home, "doors.worker").exists()
    assert (
        next(one for one in slot_histories(config) if one.stack).stack[-1].candidate.digest
        == before
    )


def test_the_same_name_in_two_skills_is_two_champions(config, loop, monkeypatch):
    promote(config, loop)
    lamps = loop.digest
    monkeypatch.setattr("loop_files.item", of_doors(monkeypatch))
    trained_for(loop, 0.5, ["doors"], monkeypatch)
    decision = promote(config, loop)
    assert decision.outcome.value == "promoted"
    assert decision.facts["champion_before"] is None
    found = {one.slot: one.stack[-1].candidate.digest for one in slot_histories(config)}
    assert found == {SEAT: lamps, "doors.worker": loop.digest}
    with pytest.raises(PromoteError, match="is decided on in several"):
        rollback(config, None, "x")


def test_another_name_has_to_beat_the_champion_of_its_skill(config, loop, three):
    loop.name = "other-worker"
    judge(loop, 0.95, 9)
    decision = promote(config, loop)
    assert decision.outcome.value == "inconclusive"
    assert decision.facts["champion_before"]["name"] == "lamp-worker"


def _one_of_two(root, home, name, start, ends):
    """Decide in a process of its own, as soon as the other stands ready too."""
    composed = compose(None, [f"forge_home={home}"])
    config = replace(composed, train=replace(composed.train, name=name))
    start.wait(60)
    ends.put(decide(config, Files.of(root)).outcome.value)


def _two(loop, roots):
    context = multiprocessing.get_context("spawn")
    start, ends = context.Barrier(2), context.Queue()
    both = [
        context.Process(target=_one_of_two, args=(root, loop.home, loop.name, start, ends))
        for root in roots
    ]
    for one in both:
        one.start()
    found = sorted(ends.get(timeout=100) for _ in both)
    for one in both:
        one.join()
    return found


def test_two_promotions_of_one_adapter_at_once_are_one_line(config, loop):
    assert _two(loop, [loop.outputs, loop.outputs]) == ["promoted", "promoted"]
    assert len(decisions.read(loop.home)) == 1


def test_of_two_adapters_promoted_at_once_the_later_meets_the_earlier(config, loop):
    other = loop.outputs.rename(loop.root / "first")
    judge(loop, 0.5, 5)
    assert _two(loop, [other, loop.outputs]) == ["inconclusive", "promoted"]
    one, two = decisions.read(loop.home)
    assert two["champion_before"] == one["candidate"]
    assert top(config) == one["candidate"]["digest"]
