"""Swaps, with a program in vLLM's place: what a fault at each step leaves behind."""

import json
import os
import threading
import time
from pathlib import Path

import pytest
from swapped_adapters import altered

from harness_forge.cli import main
from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import ServeError
from harness_forge.serving import aliases, hot, server_plan, server_run, state, swapping

HOME = Path("home")
ALIAS = "stig-champion"


@pytest.fixture
def served_by(fake, monkeypatch):
    """Return what starts a server in a mode and yields its config, URL and an adapter to come."""
    stack = []

    def start(mode=""):
        monkeypatch.setenv("FAKE_VLLM", mode)
        config = compose(None, [*fake, "train.name=mine", "serve.drain_s=0.5"])
        plan = server_plan.plan(config)
        context = server_run.running(config, plan)
        stack.append(context)
        server = context.__enter__()
        server_run.point(config, plan, server.url)
        # What it follows: an adapter that a swap has loaded.
        old = altered(config, "mine", 3)
        if mode != "noload":
            aliases.move(HOME, ALIAS, old.folder.name, server.url, old.digest)
            hot.load(server.url, old.folder.name, old.folder)
        return config, server.url, altered(config, "mine", 4)

    yield start
    for context in stack:
        context.__exit__(None, None, None)


def standing():
    return aliases.read(HOME)[ALIAS].model


def test_a_swap_moves_the_alias_and_unloads_what_nobody_asks_for(served_by, capsys):
    config, url, new = served_by()
    before = standing()
    words = ["serve", "swap", ALIAS, str(new.folder), *overrides(config)]
    assert main(words) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"serve: {ALIAS} is {new.folder.name}, was {before}",
        f"  {before}: no longer used, unloaded",
    ]
    assert standing() == new.folder.name
    # The one from the start was asked for by name and stays.
    assert set(hot.listed(url)) == {"local", "mine", new.folder.name}
    # Once more changes nothing.
    assert main(words) == 0
    assert capsys.readouterr().out == f"serve: {ALIAS} is {new.folder.name} still\n"


@pytest.mark.parametrize(
    ("mode", "what"),
    [
        ("noload", r"refused \(500\): cannot read the weights"),
        ("dead", "answers as local does, as if no adapter were there"),
    ],
)
def test_a_fault_before_the_move_leaves_the_old_one_serving(served_by, mode, what):
    config, url, new = served_by(mode)
    before, listed = standing(), set(hot.listed(url))
    with pytest.raises(ServeError, match=what):
        swapping.swapped(config, ALIAS, str(new.folder))
    assert standing() == before
    assert set(hot.listed(url)) == listed


def test_the_same_answers_as_the_one_before_are_refused(served_by, monkeypatch):
    config, url, new = served_by()
    before = standing()
    monkeypatch.setattr("harness_forge.serving.smoke.apart", lambda *a, **k: 0.0)
    with pytest.raises(ServeError, match=f"answers as {before} does, which it is to follow"):
        swapping.swapped(config, ALIAS, str(new.folder))
    assert standing() == before
    assert new.folder.name not in hot.listed(url)


def test_other_answers_than_the_first_time_are_refused(served_by):
    config, _url, new = served_by()
    before = standing()
    place = HOME / "serving" / "proofs" / f"local.{new.folder.name}.json"
    place.parent.mkdir()
    place.write_text(json.dumps({"I": -0.01, "<": -9.0}))
    with pytest.raises(ServeError, match="answers otherwise than when it was first served"):
        swapping.swapped(config, ALIAS, str(new.folder))
    assert standing() == before


def test_one_that_cannot_be_unloaded_stays_and_the_new_one_serves(served_by):
    config, _url, new = served_by("keep")
    before = standing()
    done = swapping.swapped(config, ALIAS, str(new.folder))
    assert list(done.kept) == [before]
    assert standing() == new.folder.name


def test_one_that_is_asked_is_unloaded_by_a_later_swap(served_by):
    config, url, new = served_by()
    door = aliases.Aliases(HOME)
    held = door.take(ALIAS)
    done = swapping.swapped(config, ALIAS, str(new.folder))
    assert list(done.kept) == [held.model]
    assert held.model in hot.listed(url)
    door.give_back(held)
    assert swapping.swapped(config, ALIAS, str(new.folder)).unloaded == [held.model]


def test_a_swap_waits_for_requests_under_way(served_by):
    config, _url, new = served_by()
    door, held = aliases.Aliases(HOME), []
    held.append(door.take(ALIAS))
    ended = []

    def answer():
        time.sleep(0.3)
        ended.append(time.monotonic())
        door.give_back(held[0])

    thread = threading.Thread(target=answer)
    thread.start()
    done = swapping.swapped(config, ALIAS, str(new.folder))
    assert time.monotonic() >= ended[0]
    thread.join()
    assert done.unloaded == [held[0].model]


def test_a_swap_that_was_killed_after_loading_is_gone_on_with(served_by):
    config, url, new = served_by()
    hot.load(url, new.folder.name, new.folder)
    swapping.swapped(config, ALIAS, str(new.folder))
    assert standing() == new.folder.name


def test_a_rank_without_room_is_refused(served_by):
    config, _url, new = served_by()
    one = state.one(HOME)
    state.write(HOME, state.Running(**{**vars(one), "rank": 8}))
    with pytest.raises(ServeError, match="has rank 20; the server has room for rank 8"):
        swapping.swapped(config, ALIAS, str(new.folder))


def test_a_damaged_adapter_is_refused(served_by, capsys):
    config, _url, new = served_by()
    before = standing()
    weights = new.folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-2])
    assert main(["serve", "swap", ALIAS, str(new.folder), *overrides(config)]) == 9
    assert "is damaged" in capsys.readouterr().err
    assert standing() == before


def test_a_server_that_died_is_told_and_the_alias_stays(served_by):
    config, _url, new = served_by()
    before, one = standing(), state.one(HOME)
    os.kill(one.server.pid, 9)
    while one.server.alive:
        time.sleep(0.05)
    with pytest.raises(ServeError, match="no server runs"):
        swapping.swapped(config, ALIAS, str(new.folder))
    assert standing() == before


def test_without_a_champion_there_is_nothing_to_follow(served_by):
    config, _, _ = served_by()
    with pytest.raises(ServeError, match="there is no champion"):
        swapping.followed(config)


def overrides(config):
    return [
        "model=local",
        f"model.path={config.model.path}",
        f"forge_home={config.forge_home}",
        "serve.drain_s=0.5",
    ]
