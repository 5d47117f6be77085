"""Ledgers of decisions from before skills, versions and newer keys of rules."""

import pytest
from champion_steps import SEAT, aged, config_of, of_doors, promote, trained_for

from harness_forge.core.errors import PromoteError
from harness_forge.promotion.history import rollback, slot_histories
from harness_forge.registry import champion


@pytest.fixture
def config(loop):
    return config_of(loop)


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
