"""A training that starts from another adapter, and an adapter that is put on another."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from loop_files import LINEAGE
from whole_adapters import packaged

from harness_forge import cli
from harness_forge.cli import adapter_layers
from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.resolved import load_resolved, write_resolved
from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters import taint
from harness_forge.registry.adapters.package import WEIGHTS
from harness_forge.training import rebasing, starting, supervised


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def pair(place, **lineage):
    return packaged(place, "personal", 0.1, **lineage), packaged(place, "shared", 0.2)


def test_it_keeps_the_personal_settings_and_the_machine_keeps_its_own(place):
    said = LINEAGE["train"] | {"learning_rate": 0.01, "epochs": 7, "seed": 3, "micro_batch": 2}
    personal, shared = pair(place, train=said)
    config = compose(None, ["train.threads=1", "train.learning_rate=1e-5", "train.replicates=3"])
    own = rebasing.settings(config, personal, shared, "new", Path("data/rows")).train
    assert (own.learning_rate, own.epochs, own.seed, own.micro_batch) == (0.01, 7, 3, 2)
    assert (own.threads, own.replicates, own.name) == (1, 1, "new")
    assert (own.start, own.dataset) == (str(shared.folder), "data/rows")


def test_what_has_no_rows_of_its_own_is_refused_with_what_to_do(place):
    start = {"parent": {"name": "first", "digest": "a" * 64}, "dpo": {}}
    second, shared = replace(packaged(place), lineage=LINEAGE | start), packaged(place, "s", 0.2)
    with pytest.raises(TrainError) as error:
        rebasing.check(second, shared)
    assert error.value.hint == (
        "forge adapter rebase first on=s as=NEW, then forge train dpo dpo.start=NEW"
    )
    merged = replace(second, lineage=LINEAGE | {"merge": {}})
    with pytest.raises(TrainError, match="was merged, so there are no rows of its own"):
        rebasing.check(merged, shared)
    with pytest.raises(TrainError, match="is put on itself"):
        rebasing.check(shared, shared)


def test_rows_that_are_gone_are_one_error_and_others_can_be_named(place, capsys):
    personal, _ = pair(place)
    assert cli.main(["adapter", "rebase", "personal", "on=shared", "forge_home=home"]) == 9
    assert "no dataset under data is the one that it was trained on (lamps)" in (
        capsys.readouterr().err
    )
    config = compose(None, ["train.dataset=data/mine"])
    assert adapter_layers._kept_dataset(config, personal) == Path("data/mine")


def test_nothing_starts_from_a_tainted_adapter(place):
    _, shared = pair(place)
    (source,) = (one for one in taint.trained(place) if one.label == shared.label)
    taint.mark(place, source, "asked to", "2026-11-21T00:00:00Z")
    with pytest.raises(TrainError, match="is tainted"):
        starting.named(compose(None, ["forge_home=home"]), "shared")


def test_what_a_start_learned_counts_for_what_comes_of_it(place):
    known = LINEAGE["dataset"] | {"splits": ["train", "validation"], "manifest": "s"}
    start = packaged(place, "shared", 0.2, dataset=known)
    own = LINEAGE | {"dataset": LINEAGE["dataset"] | {"splits": ["train"], "manifest": "p"}}
    found = starting.lineage(own, start)
    assert found["dataset"]["splits"] == ["train", "validation"]
    adapter = packaged(place, "new", 0.3, **found)
    (source,) = (one for one in taint.trained(place) if one.label == adapter.label)
    assert set(source.datasets) == {"p", "s"}
    assert (
        source.remake == "`forge train train.dataset=data/lamps train.name=new train.start=shared`"
    )


def test_a_pipeline_without_a_start_is_as_it_was_before_there_was_one(place):
    write_resolved(Path("resolved.yaml"))
    assert (
        "start"
        not in Path("resolved.yaml").read_text().partition("\ntrain:")[2].partition("\ndpo:")[0]
    )
    assert load_resolved(Path("resolved.yaml")).train.start is None
    write_resolved(Path("resolved.yaml"), None, ["train.start=shared"])
    assert load_resolved(Path("resolved.yaml")).train.start == "shared"


def tensors(folder):
    """Each tensor of an adapter as a list of float32."""
    raw = (folder / WEIGHTS).read_bytes()
    end = 8 + struct.unpack("<Q", raw[:8])[0]
    head = {n: f["data_offsets"] for n, f in json.loads(raw[8:end]).items() if "lora" in n}
    return {
        n: struct.unpack(f"<{(b - a) // 4}f", raw[end + a : end + b]) for n, (a, b) in head.items()
    }


@pytest.mark.soak
@pytest.mark.workset
def test_real_axolotl_starts_from_the_shared_weights_and_moves_no_further_than_its_steps(
    config, trained
):
    rate = 1e-3
    own = replace(
        config.train,
        name="next",
        start=str(trained.adapter.folder),
        learning_rate=rate,
        max_steps=2,
    )
    done = supervised.train(replace(config, train=own))
    first, second = tensors(trained.adapter.folder), tensors(done.adapter.folder)
    assert first.keys() == second.keys()
    moved = max(abs(a - b) for n in first for a, b in zip(first[n], second[n], strict=True))
    assert 0 < moved < 1.5 * rate * done.adapter.lineage["measured"]["steps"]
    parent = {"name": trained.adapter.name, "digest": trained.adapter.digest}
    assert done.adapter.lineage["parent"] == parent
    assert supervised.train(replace(config, train=own)).new is False
