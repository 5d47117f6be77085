"""An export on a Ray cluster: the same bytes, nothing beyond the loopback, nothing left behind."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from test_balance import fill

from harness_forge import cli
from harness_forge.config.duplicates import DuplicatesConfig
from harness_forge.config.filters import FiltersConfig, LengthConfig
from harness_forge.config.redaction import RedactionConfig
from harness_forge.datasets.ray_engine import shards
from harness_forge.datasets.request import Treatment

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")

WHOLE = Treatment(
    filters=FiltersConfig(length=LengthConfig(max_tokens=10_000_000)),  # bytes decide
    redaction=RedactionConfig(),
    key=bytes(32),
    duplicates=DuplicatesConfig(),
)
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


def on_ray(store, recipe, folder: Path, *, wrong: str = "") -> subprocess.CompletedProcess:
    """Export to `folder` on a cluster whose every process knows the folder above it."""
    folder.mkdir(parents=True)
    return subprocess.run(
        [sys.executable, "-W", "error", Path(__file__).with_name("ray_export.py")],
        input=pickle.dumps((store.url, folder, recipe, WHOLE, wrong)),
        capture_output=True,
        timeout=240,
        env={**os.environ, "HOME": str(folder.parent), "FORGE_TEST": str(folder.parent)},
    )


def alive(mark: Path) -> list[str]:
    """Return the processes that still know the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(mark).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().decode())
        except OSError:
            continue
    return found


@needs_ray
@pytest.mark.parametrize("kind", ["sft", pytest.param("dpo", marks=pytest.mark.soak)])
def test_ray_writes_the_bytes_of_one_process(harness, store, request, tmp_path, kind):
    fill(harness, seed=7, rows=150)
    recipe = request.getfixturevalue(kind)
    alone = harness.export(recipe, treatment=WHOLE).path
    folder = tmp_path / "ray" / "data"
    done = on_ray(store, recipe, folder)
    assert (done.returncode, done.stderr) == (0, b"")
    written = {path.name: path.read_bytes() for path in (folder / recipe.name).iterdir()}
    assert written == {path.name: path.read_bytes() for path in alone.iterdir()}
    heard = (folder.parent / "listening").read_text().split()
    assert heard
    assert set(heard) <= LOOPBACK
    assert {path.name for path in folder.parent.iterdir()} == {"data", "listening"}
    assert alive(folder.parent) == []


@needs_ray
def test_a_worker_of_the_cluster_that_is_lost_is_one_clean_failure(harness, store, sft, tmp_path):
    fill(harness, seed=1, rows=60)
    folder = tmp_path / "ray" / "data"
    done = on_ray(store, sft, folder, wrong="kill")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "engine.workers: a worker on the cluster ended before its work did",
        "  hint: no dataset was written; was memory short? fewer engine.workers take less",
    ]
    assert list(folder.iterdir()) == []
    assert alive(folder.parent) == []


@needs_ray
@pytest.mark.soak
def test_a_stopped_export_ends_its_cluster(harness, store, sft, tmp_path):
    fill(harness, seed=1, rows=60)
    folder = tmp_path / "ray" / "data"
    done = on_ray(store, sft, folder, wrong="stop")
    assert (done.returncode, done.stderr) == (1, b"stopped\n")
    assert list(folder.iterdir()) == []
    assert alive(folder.parent) == []


def test_without_ray_the_remedy_is_told(harness, store, capsys, monkeypatch):
    harness.attempt(harness.item("rule_a"))
    monkeypatch.setitem(sys.modules, "ray", None)
    where = [f"store.url='{store.url}'", f"data_dir={harness.data_dir}"]
    assert cli.main(["export", "role=worker", "skill=stig", "engine=ray", *where]) == 7
    assert capsys.readouterr().err == (
        "forge: engine.kind=ray: Ray is not installed\n"
        "  hint: pip install 'harness-forge[ray]', or engine=local\n"
    )
    assert not list(harness.data_dir.glob("*"))


def test_shards_hold_whole_runs_and_every_row_once():
    runs = ["a", "b", "a", "c", "b", "a", "d"] * 60
    made = shards(runs)
    assert sorted(place for shard in made for place in shard) == list(range(len(runs)))
    assert ["".join(sorted({runs[place] for place in shard})) for shard in made] == ["a", "bc", "d"]
    assert shards([]) == []
