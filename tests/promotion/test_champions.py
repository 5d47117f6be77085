"""Champions by skill and role: numbered, gone back from, shown, and safe from each other."""

import errno
import json
import multiprocessing
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from loop_files import LINEAGE, lines

from harness_forge import cli
from harness_forge.config.compose.engine import compose
from harness_forge.core import chain
from harness_forge.core.errors import PromoteError
from harness_forge.promotion.decide import decide
from harness_forge.promotion.files import Files
from harness_forge.promotion.history import find_champion, rollback, slot_histories
from harness_forge.registry import champion, decisions, timing

SEAT = "lamps.worker"


# Twelve families are too few for the level of a third look.
LEVELS = [
    f"promote.conditions.{name}.alpha=0.025"
    for name in (
        "better_cluster_by_cluster",
        "better_than_few_shot",
        "better_than_nearest",
        "better_than_template",
        "beats_champion_by_cluster",
    )
]


@pytest.fixture
def config(loop):
    composed = compose(None, [f"forge_home={loop.home}", *LEVELS])
    return replace(composed, train=replace(composed.train, name=loop.name))


def promote(config, loop, **options):
    return decide(config, Files.of(loop.outputs), loop.outputs / "promote.json", **options)


def judge(loop, weight, share):
    """Train and judge an adapter that passes `share` of each ten items."""
    loop.train(weight)
    loop.replay(shares={"adapter": share, "base": 0, "few_shot": 1, "nearest": 2})
    loop.prove()
    loop.evaluate()
    return loop.digest


@pytest.fixture
def three(config, loop):
    """Return the digests of three champions, each better than the one before."""
    found = []
    for weight, share in ((0.25, 3), (0.5, 6), (0.75, 9)):
        found.append(judge(loop, weight, share) if found else first(loop, share))
        assert promote(config, loop).outcome.value == "promoted"
    return found


def first(loop, share):
    loop.replay(shares={"adapter": share, "base": 0, "few_shot": 1, "nearest": 2})
    return loop.digest


def top(config):
    (one,) = slot_histories(config)
    return one.stack[-1].candidate.digest


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


def trained_for(loop, weight, skills, monkeypatch):
    data = {**LINEAGE["dataset"], "skills": skills, "roles": ["worker"]}
    monkeypatch.setitem(LINEAGE, "dataset", data)
    judge(loop, weight, 9)


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


def of_doors(monkeypatch):
    import loop_files

    item = loop_files.item
    return lambda *facts: replace(item(*facts), skill="doors")


def test_another_name_has_to_beat_the_champion_of_its_skill(config, loop, three):
    loop.name = "other-worker"
    judge(loop, 0.95, 9)
    decision = promote(config, loop)
    assert decision.outcome.value == "inconclusive"
    assert decision.facts["champion_before"]["name"] == "lamp-worker"


KEYS = ("skill", "role", "target", "version", "clock", "taken_down")


def test_an_old_ledger_is_read_and_goes_on(config, loop, three):
    aged(config, loop, 2)
    (one,) = slot_histories(config)
    assert (one.slot, one.stack[-1].candidate.digest) == (loop.name, three[1])
    assert champion.pointer(loop.home, loop.name).exists()
    decision = promote(config, loop)
    assert decision.facts["champion_before"]["digest"] == three[1]
    assert decision.facts["version"]["number"] == "1.0.2"
    (one,) = slot_histories(config)
    assert (one.slot, len(one.stack)) == (SEAT, 3)
    assert [path.stem for path in (loop.home / "champions").iterdir()] == [SEAT]


def aged(config, loop, count):
    """Make the ledger one from before skills and versions were written down."""
    place = decisions.path(loop.home)
    old = [{k: v for k, v in one.items() if k not in KEYS} for one in lines(place)[:count]]
    place.unlink()
    decisions.head(loop.home).unlink()
    champion.pointer(loop.home, SEAT).unlink()
    with decisions.opened(loop.home) as book:
        for one in old:
            book.append({k: v for k, v in one.items() if k not in ("hash", "previous")})


def test_an_old_decision_made_again_is_known(config, loop):
    promote(config, loop)
    aged(config, loop, 1)
    assert promote(config, loop).repeated
    assert champion.pointer(loop.home, loop.name).exists()
    (one,) = slot_histories(config)
    assert one.stack[-1].candidate.digest == loop.digest
    with pytest.raises(PromoteError, match="is the first"):
        rollback(config, None, "x")


def test_an_old_champion_of_another_skill_is_not_taken_over(config, loop, monkeypatch):
    promote(config, loop)
    lamps = loop.digest
    aged(config, loop, 1)
    monkeypatch.setattr("loop_files.item", of_doors(monkeypatch))
    trained_for(loop, 0.5, ["doors"], monkeypatch)
    assert promote(config, loop).facts["champion_before"] is None
    found = {one.slot: one.stack[-1].candidate.digest for one in slot_histories(config)}
    assert found == {loop.name: lamps, "doors.worker": loop.digest}


def test_a_rule_without_the_newer_keys_is_the_rule_it_was(config):
    from harness_forge.promotion.decide import _hashed_rule

    said = _hashed_rule(config.promote)
    assert set(said) == {"name", "conditions"}
    keys = {"kind", "against", "part", "metric", "margin", "alpha", "minimum", "enabled"}
    assert set(said["conditions"]["enough_pairs"]) == keys
    assert set(said["conditions"]["better"]) == keys | {"sided"}


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


@pytest.fixture
def forge(loop, monkeypatch):
    monkeypatch.chdir(loop.root)
    return lambda *words: cli.main([*words, f"forge_home={loop.home}"])


def test_ls_show_and_diff(forge, config, loop, three, capsys):
    assert forge("champion", "ls") == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["slot", "target", "version"]
    assert row.split()[:4] == [SEAT, "a", "lamp-worker-1.2.0", f"lamp-worker-{three[2][:12]}"]
    assert forge("champion", "show", SEAT, "1.0.0") == 0
    told = capsys.readouterr().out
    assert told.startswith("lamp-worker-1.0.0  earlier champion\n")
    assert "better " in told
    assert three[0] in told
    assert forge("champion", "show") == 0
    assert capsys.readouterr().out.startswith("lamp-worker-1.2.0  champion\n")
    assert forge("champion", "diff") == 0
    told = capsys.readouterr().out
    assert "lamp-worker-1.1.0" in told
    row = next(row for row in told.splitlines() if row.startswith("replay/new_rule"))
    assert row.split() == ["replay/new_rule", "60.0%", "90.0%", "+30.0"]
    assert forge("champion", "diff", "1.0.0", "1.2.0") == 0
    assert "+60.0" in capsys.readouterr().out
    assert forge("champion", "diff", loop.name, "1.0.0", "8.8.8") == 15
    assert "8.8.8 was never champion there" in capsys.readouterr().err


def test_rollback_to_of_the_command(forge, config, loop, three, capsys):
    assert forge("rollback", SEAT, "--to=1.0.0", "--reason=slow", f"train.name={loop.name}") == 0
    assert f"{loop.name}-{three[0][:12]} is champion again" in capsys.readouterr().out
    assert forge("rollback", SEAT, "--to=", "--reason=slow") == 2


def test_before_anything_was_decided(forge, capsys):
    assert forge("champion", "ls") == 0
    assert "no adapter was decided on yet" in capsys.readouterr().out
    assert forge("champion", "show") == 2
    assert forge("champion", "diff") == 2
    assert forge("champion", "show", "a", "b", "c") == 2


def test_the_terminal_shows_each_condition_whole(forge, capsys):
    assert forge("promote", "--dry-run") == 0
    told = capsys.readouterr().out.splitlines()
    head = next(row for row in told if row.startswith("  condition"))
    assert head.split() == ["condition", "verdict", "value", "threshold", "interval", "measured"]
    pairs = next(row for row in told if row.startswith("  enough_pairs"))
    assert pairs.split()[1:6] == ["holds", "80", "at", "least", "60"]
    assert any(row.startswith("  version: lamp-worker-1.0.0") for row in told)
