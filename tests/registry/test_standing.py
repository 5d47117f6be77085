"""Adapters of the registry: what was decided on them, and which may be removed."""

import os

import pytest
from whole_adapters import packaged

from harness_forge.core.errors import TrainError
from harness_forge.registry import decisions, standing
from harness_forge.registry.adapters.registry import resolve


def decided(home, adapter, decision="promoted", **facts):
    line = {
        "kind": "decision",
        "decision": decision,
        "time": "2026-11-21T00:00:00Z",
        "candidate": {"name": adapter.name, "digest": adapter.digest},
        "skill": "lamps",
        "role": "worker",
    }
    with decisions.opened(home) as book:
        book.append(line | facts)


def named(home):
    return {one.label: one for one in standing.standings(home)}


def test_a_name_of_none_lists_those_there_are_or_the_folder_that_was_meant(tmp_path, monkeypatch):
    one = packaged(tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    found = standing.standings(tmp_path / "home")
    with pytest.raises(TrainError, match=f"hint: there are: {one.label}, mine"):
        standing.find(found, "sft")
    made = tmp_path / "outputs/adapters/sft"
    made.mkdir(parents=True)
    (made / "lineage.json").write_text("{}")
    for ask in (lambda: standing.find(found, "sft"), lambda: resolve("sft", tmp_path / "home")):
        with pytest.raises(TrainError, match="hint: did you mean the folder outputs/adapters/sft"):
            ask()


def test_an_empty_home_has_none(tmp_path):
    assert standing.standings(tmp_path) == []


def test_each_with_its_decision_its_names_and_its_size(tmp_path):
    first, second, third = (packaged(tmp_path, weight=one) for one in (0.1, 0.2, 0.3))
    decided(tmp_path, first)
    decided(tmp_path, second)
    decided(tmp_path, third, "refused")
    found = named(tmp_path)
    assert found[first.label].target_of == ("lamps.worker",)
    assert found[first.label].champion_of == ()
    assert found[second.label].champion_of == ("lamps.worker",)
    assert (found[third.label].decision, found[third.label].names) == ("refused", ("mine",))
    sizes = sum(file.stat().st_size for file in third.folder.iterdir())
    assert found[third.label].bytes == sizes


def test_neither_champion_nor_rollback_target_is_removed(tmp_path):
    first, second = (packaged(tmp_path, weight=one) for one in (0.1, 0.2))
    decided(tmp_path, first)
    decided(tmp_path, second)
    found = named(tmp_path)
    with pytest.raises(TrainError, match=r"is champion of lamps.worker"):
        standing.remove(tmp_path, found[second.label])
    with pytest.raises(TrainError, match="a rollback may bring it back"):
        standing.remove(tmp_path, found[first.label])
    assert first.folder.is_dir() and second.folder.is_dir()


def test_a_champion_whose_lineage_is_damaged_stays(tmp_path):
    one = packaged(tmp_path)
    decided(tmp_path, one)
    (one.folder / "lineage.json").write_text("{")
    found = named(tmp_path)[one.label]
    assert found.decision == standing.DAMAGED
    with pytest.raises(TrainError, match="is champion"):
        standing.remove(tmp_path, found)


def test_a_promotion_that_came_after_the_listing_keeps_it(tmp_path):
    one = packaged(tmp_path)
    before = named(tmp_path)[one.label]
    decided(tmp_path, one)
    with pytest.raises(TrainError, match="is champion"):
        standing.remove(tmp_path, before)


def test_another_is_removed_with_the_names_that_mean_it(tmp_path):
    first, second = (packaged(tmp_path, weight=one) for one in (0.1, 0.2))
    standing.remove(tmp_path, named(tmp_path)[second.label])
    assert sorted(one.name for one in (tmp_path / "adapters").iterdir()) == [first.label]


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_in_a_folder_that_can_only_be_read_nothing_goes(tmp_path):
    one = packaged(tmp_path)
    (tmp_path / "adapters").chmod(0o555)
    try:
        with pytest.raises(TrainError, match="cannot be deleted"):
            standing.remove(tmp_path, named(tmp_path)[one.label])
    finally:
        (tmp_path / "adapters").chmod(0o755)
    assert one.folder.is_dir()


def test_by_name_by_folder_and_by_the_start_of_the_hash(tmp_path):
    first, second = (packaged(tmp_path, weight=one) for one in (0.1, 0.2))
    found = standing.standings(tmp_path)
    assert standing.find(found, "mine").label == second.label
    assert standing.find(found, first.label).label == first.label
    assert standing.find(found, first.digest[:6]).label == first.label
    with pytest.raises(TrainError, match="there is no adapter of that name\n  hint: did you mean"):
        standing.find(found, "mime")
