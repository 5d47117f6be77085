"""Promotions, rollbacks and looks that are killed anywhere: who stands is right, and it goes on."""

import json
import random
import shutil
from dataclasses import replace

import pytest
from killing import count, killed
from loop_files import Loop, judged, lines, looks, whole

from harness_forge.config.compose.engine import compose
from harness_forge.evaluation import result_files
from harness_forge.promotion.decide import decide
from harness_forge.promotion.files import Files
from harness_forge.promotion.history import rollback, slot_histories
from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import registry
from harness_forge.store.splits.looks import Look

SEAT = "lamps.worker"


@pytest.fixture
def ready(tmp_path, monkeypatch):
    """A champion stands, and the files of one that beats it are there."""
    for name in ("DVC_EXP_NAME", "DVC_EXP_BASELINE_REV"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "ready").mkdir()
    loop = whole(tmp_path / "ready")
    config = compose(None, [f"forge_home={loop.home}"])
    config = replace(config, train=replace(config.train, name=loop.name))
    decide(config, Files.of(loop.outputs), loop.outputs / "promote.json")
    first = loop.digest
    loop.train(0.5)
    loop.replay(shares={"adapter": 9, "base": 0, "few_shot": 1, "nearest": 2})
    loop.prove()
    loop.evaluate()
    return loop, config, first


def copied(ready, place):
    """Return the project copied to `place`, and its config."""
    loop, config, _ = ready
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(loop.root, place, symlinks=True)
    link = place / "home" / "adapters" / loop.name
    if link.is_symlink() and not link.exists():
        raise AssertionError("a link out of the copy")
    own = Loop(place, place / "home", loop.name, loop.digest)
    return own, replace(config, forge_home=str(own.home))


def promote(config, loop):
    return decide(config, Files.of(loop.outputs), loop.outputs / "promote.json")


def sound(loop, config, allowed):
    """Check all that has to hold after a kill, and return who stands."""
    written = decisions.read(loop.home)  # verified, line by line
    top = champion.champion_stack(written, SEAT)[-1].candidate
    assert top.digest in allowed
    pointer = champion.pointer(loop.home, SEAT)
    known = {line["hash"] for line in written}
    assert json.loads(pointer.read_text())["line"] in known
    shown = loop.outputs / "promote.json"
    if shown.exists():
        json.loads(shown.read_text())
    (one,) = slot_histories(config)  # heals
    assert one.stack[-1].candidate == top
    assert json.loads(pointer.read_text())["digest"] == top.digest
    assert registry.resolve(top.label, loop.home).digest == top.digest  # whole
    return top.digest


def kill_promotions(ready, tmp_path, kills, seed):
    loop, config = copied(ready, tmp_path / "count")
    points, draw, stopped = count(lambda: promote(config, loop)), random.Random(seed), 0
    for _ in range(kills):
        loop, config = copied(ready, tmp_path / "run")
        stopped += killed(lambda loop=loop, config=config: promote(config, loop), points, draw)
        sound(loop, config, {ready[2], loop.digest})
        assert promote(config, loop).outcome.value == "promoted"
        assert sound(loop, config, {loop.digest}) == loop.digest
        decided = [line["candidate"]["digest"] for line in lines(decisions.path(loop.home))]
        assert decided == [ready[2], loop.digest]  # each once
    return stopped


def kill_rollbacks(ready, tmp_path, kills, seed):
    loop, config, first = ready
    promote(config, loop)

    def back(config):
        rollback(config, None, "flickers")

    loop, config = copied(ready, tmp_path / "count")
    points, draw, stopped = count(lambda: back(config)), random.Random(seed), 0
    for _ in range(kills):
        loop, config = copied(ready, tmp_path / "run")
        stopped += killed(lambda config=config: back(config), points, draw)
        if sound(loop, config, {first, loop.digest}) == loop.digest:
            back(config)
        assert sound(loop, config, {first}) == first
        assert len(lines(decisions.path(loop.home))) == 3
    return stopped


def kill_bookkeeping(ready, tmp_path, kills, seed):
    """A look at a holdout and per-item results: written whole, or not at all, and each once."""
    told = judged(4)
    ids = [one.item_id for one in told]
    three = [Look("lamps", "model:x", f"{n}" * 64, ids, "c" * 64, f"run-{n}") for n in range(3)]
    draw, stopped = random.Random(seed), 0

    def keep(home):
        for look in three:
            looks(home).record(look)
        result_files.write(home / "adapter.jsonl", told)

    points = count(lambda: keep(tmp_path / "count"))
    for number in range(kills):
        home = tmp_path / f"home-{number}"
        stopped += killed(lambda home=home: keep(home), points, draw)
        kept = looks(home).all()
        assert [look.run_id for look in kept] == [look.run_id for look in three][: len(kept)]
        if (home / "adapter.jsonl").exists():
            assert result_files.read(home / "adapter.jsonl") == told
        keep(home)
        alphas = [look.alpha for look in looks(home).all()]
        assert alphas == [0.025, 0.0125, 0.00625]  # none was spent twice
        assert result_files.read(home / "adapter.jsonl") == told
    return stopped


KINDS = {
    "promotion": (kill_promotions, 200),
    "rollback": (kill_rollbacks, 100),
    "bookkeeping": (kill_bookkeeping, 100),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_kills_harm_nothing(kind, ready, tmp_path):
    assert KINDS[kind][0](ready, tmp_path, 3, seed=7)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
def test_kills_anywhere_harm_nothing(kind, ready, tmp_path):
    run, kills = KINDS[kind]
    stopped = run(ready, tmp_path, kills, seed=20261121)
    print(f"\n{kind}: killed {stopped} of {kills} times")
    assert stopped > 0.95 * kills
