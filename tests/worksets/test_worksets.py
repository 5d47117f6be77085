"""Worksets on disk: states, refusals, and an install of a package of our own."""

from dataclasses import replace
from hashlib import sha256

import pytest
from workset_files import SMALL, install, locked, make_wheel, state, write_lock

from harness_forge.config.workset import VariantConfig
from harness_forge.core.errors import SandboxError, WorksetError
from harness_forge.worksets import installing, libraries, locks, worksets


def test_installs_goes_on_and_removes(tmp_path, index):
    steps = []
    assert state(SMALL, tmp_path).status == "missing"
    assert install(SMALL, tmp_path, steps.append)
    there = state(SMALL, tmp_path)
    assert (there.status, there.stamp["variant"]) == ("installed", "cpu")
    assert any(line.startswith("own-part==1.0") for line in there.stamp["freeze"])
    assert 0 < there.disk_gb < 1
    python = worksets.python_of("small", tmp_path)
    assert python.is_file()
    environment = worksets.environment_of("small", tmp_path)
    assert environment["DO_NOT_TRACK"] == "1"
    assert environment["PATH"].startswith(f"{python.parent}:")
    assert "PYTHONPATH" not in environment

    assert not install(SMALL, tmp_path, steps.append)
    # What a kill leaves behind: all but the stamp.
    (worksets.folder("small", tmp_path) / worksets.STAMP).unlink()
    assert state(SMALL, tmp_path).status == "incomplete"
    with pytest.raises(WorksetError, match="its install did not end"):
        worksets.python_of("small", tmp_path)
    steps.clear()
    assert install(SMALL, tmp_path, steps.append)
    assert steps[0] == "going on with the environment that is there"

    (worksets.packages_of(tmp_path) / "archive").mkdir(parents=True, exist_ok=True)
    assert worksets.remove("small", tmp_path)
    assert not worksets.packages_of(tmp_path).exists()
    assert not worksets.remove("small", tmp_path)
    assert state(SMALL, tmp_path).status == "missing"


def test_pip_writes_to_a_log_and_nothing_else(tmp_path, index, capfd):
    shown = []
    install(SMALL, tmp_path, show=shown.append)
    assert capfd.readouterr() == ("", "")
    log = (tmp_path / "worksets" / "small.log").read_text()
    assert "Successfully installed own-part-1.0" in log


def test_a_file_that_the_lock_does_not_know_is_refused(tmp_path, index):
    make_wheel(index, "own-part", "import sys  # not what was locked\n")
    with pytest.raises(WorksetError) as caught:
        install(SMALL, tmp_path)
    log = tmp_path / "worksets" / "small.log"
    assert str(caught.value) == (
        "workset small: pip could not install: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE "
        "REQUIREMENTS FILE. If you have updated the package versions, please update the hashes. "
        "Otherwise, examine the package contents carefully; someone may have tampered with them.\n"
        f"  hint: all it said is in {log}; run `forge workset install small` again: "
        "it goes on from here"
    )
    assert "Expected sha256" in log.read_text()
    assert state(SMALL, tmp_path).status == "incomplete"


def test_a_changed_lock_makes_it_outdated_and_usable_still(tmp_path, index):
    install(SMALL, tmp_path)
    other = make_wheel(index, "other-part")
    wheel = index / "own_part-1.0-py3-none-any.whl"
    write_lock(tmp_path, locked(wheel), locked(other))
    assert state(SMALL, tmp_path).status == "outdated"
    assert worksets.python_of("small", tmp_path).is_file()
    steps = []
    assert install(SMALL, tmp_path, steps.append)
    # From the start: nothing that the new lock does not hold stays behind.
    assert steps[0] == "2 packages"
    assert "other-part==1.0" in " ".join(state(SMALL, tmp_path).stamp["freeze"])


def test_what_a_cuda_build_asks_for_comes_with_it_alone(tmp_path, index):
    part = locks.LockSection
    kernel = locked(make_wheel(index, "own-kernel"), part.cuda)
    plain = replace(SMALL, variants={"cpu": VariantConfig(["own-part==1.0"], lock="small")})
    wheel = index / "own_part-1.0-py3-none-any.whl"
    write_lock(tmp_path, locked(wheel, part.first), kernel)
    install(plain, tmp_path)
    stamp = state(plain, tmp_path).stamp
    assert "own-kernel" not in " ".join(stamp["freeze"])
    assert stamp["first"][0]["taken"] == "as the lock has it"

    # Another build of the same version: of the user's own choice, so it is taken and told.
    make_wheel(index, "own-part", needs=["own-kernel"])
    worksets.remove("small", tmp_path)
    install(plain, tmp_path)
    stamp = state(plain, tmp_path).stamp
    assert "own-kernel==1.0" in " ".join(stamp["freeze"])
    assert stamp["first"][0]["taken"] == "from a file that pip's settings name"
    assert stamp["first"][0]["sha256"] == sha256(wheel.read_bytes()).hexdigest()


def test_packages_for_other_machines_are_left_out(tmp_path, index):
    elsewhere = locked(index / "own_part-1.0-py3-none-any.whl", marker="sys_platform == 'win32'")
    write_lock(tmp_path, elsewhere)
    with pytest.raises(WorksetError, match="No module named 'own_part'"):
        install(SMALL, tmp_path)


def test_what_does_not_import_is_not_installed(tmp_path, index):
    broken = replace(SMALL.variants["cpu"], imports=["own_part", "no_such_module"])
    config = replace(SMALL, variants={"cpu": broken})
    with pytest.raises(WorksetError, match="does not import: ModuleNotFoundError"):
        install(config, tmp_path)
    assert state(config, tmp_path).status == "incomplete"


def lacking(wanted):
    return replace(SMALL, variants={"cpu": replace(SMALL.variants["cpu"], libraries=wanted)})


def test_a_library_that_the_machine_has_is_not_fetched(tmp_path, index):
    install(lacking({"libc.so.6": "no-such-package"}), tmp_path)
    assert "LD_LIBRARY_PATH" not in state(SMALL, tmp_path).stamp["environment"]


def test_a_library_that_the_machine_lacks_is_unpacked_into_the_workset(
    tmp_path, index, monkeypatch
):
    class Fetched:
        def __init__(self, folder):
            pass

        def download(self, packages, folder):
            assert packages == ["liblamp1"]
            return [folder / "liblamp1.deb"]

    def unpack(archive, tree):
        (tree / "usr/lib").mkdir(parents=True)
        (tree / "usr/lib/liblamp.so.1").touch()

    monkeypatch.setattr(libraries, "Apt", Fetched)
    monkeypatch.setattr(libraries, "unpack", unpack)
    install(lacking({"liblamp.so.1": "liblamp1"}), tmp_path)
    found = worksets.environment_of("small", tmp_path)["LD_LIBRARY_PATH"]
    assert found == str(worksets.folder("small", tmp_path) / "shared-libraries/usr/lib")


def test_a_library_that_cannot_be_fetched_is_named_with_its_package(tmp_path, index, monkeypatch):
    monkeypatch.setattr(libraries, "Apt", no_apt)
    with pytest.raises(WorksetError) as caught:
        install(lacking({"liblamp.so.1": "liblamp1"}), tmp_path)
    assert str(caught.value) == (
        "workset small: needs liblamp.so.1, which the machine lacks; apt-get is not here\n"
        "  hint: install your distribution's package, on Debian liblamp1"
    )


def no_apt(folder):
    raise SandboxError("", "apt-get is not here", "a hint that would be a second remedy")


def test_a_lock_for_other_pins_is_refused(tmp_path, index):
    newer = replace(SMALL, variants={"cpu": VariantConfig(pins=["own-part==1.1"], lock="small")})
    with pytest.raises(WorksetError) as caught:
        install(newer, tmp_path)
    assert str(caught.value) == (
        "workset small: its lock was made for other pins (own-part==1.0, own-part==1.1)\n"
        "  hint: make one: `forge workset lock small`"
    )
    assert not worksets.folder("small", tmp_path).exists()


def test_a_missing_lock_is_told(tmp_path):
    with pytest.raises(WorksetError, match=r"there is no lock .*small\.txt"):
        install(SMALL, tmp_path)


def test_sizes_and_times_are_no_pins(tmp_path):
    variant = SMALL.variants["cpu"]
    larger = replace(variant, disk_gb=9.0)
    same = worksets.digest(SMALL, variant, tmp_path)
    assert worksets.digest(SMALL, larger, tmp_path) == same


def test_a_missing_workset_says_how_to_get_it(tmp_path):
    with pytest.raises(WorksetError) as caught:
        worksets.python_of("train", tmp_path)
    assert str(caught.value) == (
        "workset train: is not installed\n  hint: run `forge workset install train`"
    )
    assert caught.value.exit_code == 5


def test_a_full_disk_is_told_before_anything_is_written(tmp_path, index):
    huge = replace(SMALL, variants={"cpu": replace(SMALL.variants["cpu"], disk_gb=1e6)})
    with pytest.raises(WorksetError, match=r"needs 1500000.0 GB of free disk while it installs"):
        install(huge, tmp_path)
    assert not worksets.folder("small", tmp_path).exists()


def test_a_python_that_does_not_fit_is_refused(tmp_path, index):
    with pytest.raises(WorksetError, match=r"needs Python >=3.9,<3.11, this is 3\.") as caught:
        install(replace(SMALL, python=">=3.9,<3.11"), tmp_path)
    assert caught.value.hint == (
        "put forge into an environment of such a Python: python3.10 -m venv; "
        "in a clone rm -r .venv, then make setup PYTHON=python3.10"
    )


def test_two_installs_at_once_are_refused(tmp_path):
    place = worksets.folder("small", tmp_path)
    with (
        installing._alone("small", place),
        pytest.raises(WorksetError, match="is being installed by another process"),
    ):
        install(SMALL, tmp_path)


def test_an_unknown_variant_names_those_there_are():
    with pytest.raises(WorksetError, match="has no variant 'npx'\n  hint: variants: cpu"):
        worksets.pick_variant("small", replace(SMALL, variant="npx"))
