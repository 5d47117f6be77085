"""Worksets on disk: states, refusals, and an install of a package of our own."""

import json
import os
from dataclasses import replace

import pytest

from harness_forge.errors import WorksetError
from harness_forge.operations import installing, worksets
from harness_forge.operations.config import VariantConfig, WorksetConfig

SMALL = WorksetConfig(
    summary="a package of our own",
    environment={"DO_NOT_TRACK": "1"},
    variants={"cpu": VariantConfig(pins=["own-part==1.0"], imports=["own_part"])},
)


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A wheel of our own as pip's only source: no network."""
    import zipfile

    place = tmp_path / "wheels"
    place.mkdir()
    info = "own_part-1.0.dist-info"
    with zipfile.ZipFile(place / "own_part-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("own_part.py", "import os\nassert 'PYTHONPATH' not in os.environ\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: own-part\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(place))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return place


def test_installs_goes_on_and_removes(tmp_path, index):
    steps = []
    assert worksets.state("small", SMALL, tmp_path).status == "missing"
    assert installing.install("small", SMALL, tmp_path, steps.append)
    there = worksets.state("small", SMALL, tmp_path)
    assert (there.status, there.stamp["variant"]) == ("installed", "cpu")
    assert any(line.startswith("own-part==1.0") for line in there.stamp["freeze"])
    assert 0 < there.disk_gb < 1
    python = worksets.python_of("small", tmp_path)
    assert python.is_file()
    environment = worksets.environment_of("small", tmp_path)
    assert environment["DO_NOT_TRACK"] == "1"
    assert environment["PATH"].startswith(f"{python.parent}:")
    assert "PYTHONPATH" not in environment

    assert not installing.install("small", SMALL, tmp_path, steps.append)
    # What a kill leaves behind: all but the stamp.
    (worksets.folder("small", tmp_path) / worksets.STAMP).unlink()
    assert worksets.state("small", SMALL, tmp_path).status == "incomplete"
    with pytest.raises(WorksetError, match="its install did not end"):
        worksets.python_of("small", tmp_path)
    steps.clear()
    assert installing.install("small", SMALL, tmp_path, steps.append)
    assert steps[0] == "going on with the environment that is there"

    assert worksets.remove("small", tmp_path)
    assert not worksets.remove("small", tmp_path)
    assert worksets.state("small", SMALL, tmp_path).status == "missing"


def test_a_pin_that_cannot_be_had_leaves_no_stamp(tmp_path, index):
    other = replace(SMALL, variants={"cpu": VariantConfig(pins=["own-part==2.0"])})
    with pytest.raises(WorksetError) as caught:
        installing.install("small", other, tmp_path, lambda step: None)
    assert str(caught.value) == (
        "workset small: pip could not install (exit code 1; its own words stand above)\n"
        "  hint: run `forge workset install small` again: it goes on from here"
    )
    assert worksets.state("small", other, tmp_path).status == "incomplete"


def test_what_does_not_import_is_not_installed(tmp_path, index):
    broken = VariantConfig(pins=["own-part==1.0"], imports=["own_part", "no_such_module"])
    config = replace(SMALL, variants={"cpu": broken})
    with pytest.raises(WorksetError, match="does not import: ModuleNotFoundError"):
        installing.install("small", config, tmp_path, lambda step: None)
    assert worksets.state("small", config, tmp_path).status == "incomplete"


def test_other_pins_make_it_outdated(tmp_path):
    place = worksets.folder("small", tmp_path)
    place.mkdir(parents=True)
    stamp = {"variant": "cpu", "digest": worksets.digest(SMALL, SMALL.variants["cpu"])}
    (place / worksets.STAMP).write_text(json.dumps(stamp))
    assert worksets.state("small", SMALL, tmp_path).status == "installed"
    newer = replace(SMALL, variants={"cpu": VariantConfig(pins=["own-part==1.1"])})
    assert worksets.state("small", newer, tmp_path).status == "outdated"


def test_sizes_and_times_are_no_pins():
    variant = SMALL.variants["cpu"]
    larger = replace(variant, disk_gb=9.0)
    assert worksets.digest(SMALL, larger) == worksets.digest(SMALL, variant)


def test_a_missing_workset_says_how_to_get_it(tmp_path):
    with pytest.raises(WorksetError) as caught:
        worksets.python_of("train", tmp_path)
    assert str(caught.value) == (
        "workset train: is not installed\n  hint: run `forge workset install train`"
    )
    assert caught.value.exit_code == 5


def test_a_full_disk_is_told_before_anything_is_written(tmp_path):
    huge = replace(SMALL, variants={"cpu": VariantConfig(disk_gb=1e6)})
    with pytest.raises(WorksetError, match=r"needs 1500000.0 GB of free disk while it installs"):
        installing.install("small", huge, tmp_path, lambda step: None)
    assert not worksets.folder("small", tmp_path).exists()


def test_a_python_that_does_not_fit_is_refused(tmp_path):
    with pytest.raises(WorksetError, match=r"needs Python <3, this is 3\."):
        installing.install("small", replace(SMALL, python="<3"), tmp_path, lambda step: None)


def test_two_installs_at_once_are_refused(tmp_path):
    place = worksets.folder("small", tmp_path)
    with (
        installing._alone("small", place),
        pytest.raises(WorksetError, match="is being installed by another process"),
    ):
        installing.install("small", SMALL, tmp_path, lambda step: None)


def test_an_unknown_variant_names_those_there_are():
    with pytest.raises(WorksetError, match="has no variant 'tpu'\n  hint: variants: cpu"):
        worksets.pick_variant("small", replace(SMALL, variant="tpu"))
