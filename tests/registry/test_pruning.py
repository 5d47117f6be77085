"""`forge adapter prune`: weights of rejected adapters go, and what needs them stays."""

import json
from datetime import UTC, datetime

import pytest
from test_standing import decided
from whole_adapters import packaged

from harness_forge import cli
from harness_forge.core.errors import TrainError
from harness_forge.registry import pruning, standing
from harness_forge.registry.adapters.package import WEIGHTS, find, load
from harness_forge.serving import aliases

OLD, NEW = "2026-01-01T00:00:00Z", "2026-11-20T00:00:00Z"
BEFORE = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def rejected(home, weight, when=OLD, **lineage):
    one = packaged(home, weight=weight, **lineage)
    decided(home, one, "rejected", time=when)
    return one


def kept(home):
    return {one.label: one.kept for one in pruning.rejected(home, BEFORE, lambda *_: [])}


def test_only_old_rejected_ones_that_nothing_needs_are_taken(home):
    part, old, young = (rejected(home, w, t) for w, t in ((0.1, OLD), (0.2, OLD), (0.3, NEW)))
    champion = packaged(home, weight=0.4)
    decided(home, champion)
    undecided = packaged(home, weight=0.5, parent={"name": "mine", "digest": part.digest})
    assert kept(home) == {
        part.label: f"{undecided.label} was made of it",
        old.label: "",
        young.label: "decided on too lately",
    }


def test_one_that_was_champion_or_has_a_name_stays(home):
    past, named = packaged(home, weight=0.1), packaged(home, weight=0.2)
    decided(home, past)
    for one in (past, named):
        decided(home, one, "rejected", time=OLD)
    assert kept(home) == {
        past.label: "champion of lamps.worker, now or before",
        named.label: "mine means it",
    }


def test_a_dry_run_lists_bytes_and_remove_takes_the_weights_alone(home, capsys):
    gone, other = rejected(home, 0.1), packaged(home, weight=0.2)
    size = (gone.folder / WEIGHTS).stat().st_size
    assert cli.main(["adapter", "prune", "forge_home=home"]) == 0
    said = capsys.readouterr().out
    assert "would be removed" in said
    assert "would free" in said
    assert "forge adapter prune --remove" in said
    assert load(gone.folder)
    assert cli.main(["adapter", "prune", "--remove", "--json", "forge_home=home"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["freed"], facts["removed"]) == (size, True)
    assert sorted(file.name for file in gone.folder.iterdir()) == [
        "README.md", "adapter_config.json", "bom.cdx.json", "lineage.json",
    ]  # fmt: skip
    assert load(other.folder)
    assert cli.main(["adapter", "ls", "forge_home=home"]) == 0
    assert "rejected; no weights" in capsys.readouterr().out
    assert cli.main(["adapter", "prune", "forge_home=home"]) == 0
    assert "nothing to remove" in capsys.readouterr().out


def test_what_has_no_weights_says_so_and_can_be_trained_again(home):
    gone = rejected(home, 0.1, key="k9")
    packaged(home, weight=0.2)
    (one,) = pruning.rejected(home, BEFORE, lambda *_: [])
    pruning.remove_weights(home, one)
    with pytest.raises(TrainError, match=r"has no weights any more.*\n.*forge adapter prune"):
        load(gone.folder)
    assert find(home / "adapters", "mine", "k9") is None
    again = packaged(home, weight=0.1, key="k9")
    assert load(again.folder).digest == gone.digest


def test_one_behind_an_alias_stays(home, capsys):
    one = rejected(home, 0.1)
    packaged(home, weight=0.2)
    aliases.move(home, "a-champion", one.label, "http://127.0.0.1:1/v1", one.digest)
    assert cli.main(["adapter", "prune", "--remove", "forge_home=home"]) == 0
    assert "stays: in use: a-champion" in capsys.readouterr().out
    assert load(one.folder)


def test_one_that_became_champion_meanwhile_stays(home):
    gone = rejected(home, 0.1)
    packaged(home, weight=0.2)
    (one,) = pruning.rejected(home, BEFORE, lambda *_: [])
    decided(home, gone)
    with pytest.raises(TrainError, match=r"is champion of lamps\.worker"):
        pruning.remove_weights(home, one)
    assert standing.find(standing.standings(home), gone.label).champion_of == ("lamps.worker",)
    assert load(gone.folder)


@pytest.mark.parametrize("words", [["--days=soon"], ["--days=-1"]])
def test_days_have_to_be_days(home, words, capsys):
    assert cli.main(["adapter", "prune", *words, "forge_home=home"]) == 2
    assert "is no number of days" in capsys.readouterr().err
