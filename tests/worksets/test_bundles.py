"""Bundles: a lock's files carried to a machine without a network, each compared."""

import errno
import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from workset_files import SMALL, install, locked, make_wheel, state, write_lock

from harness_forge.core.errors import SandboxError, WorksetError
from harness_forge.worksets import bundles, libraries, locks, worksets


@pytest.fixture
def bundle(tmp_path, index, monkeypatch):
    """A bundle of two packages, one of them first; then the index is gone."""
    other = make_wheel(index, "other-part")
    own = locked(index / "own_part-1.0-py3-none-any.whl", locks.LockSection.first)
    write_lock(tmp_path, own, locked(other))
    to = tmp_path / "bundle"
    made = bundles.make(
        "small", SMALL, tmp_path, tmp_path, to, lambda step: None, lambda text: None
    )
    assert made[0] == 2
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "gone"))
    return to


def opened(tmp_path, given):
    return bundles.opened("small", SMALL, tmp_path, given)


def test_installs_what_was_bundled(tmp_path, bundle):
    with opened(tmp_path, bundle) as found:
        assert install(SMALL, tmp_path, bundle=found)
    stamp = state(SMALL, tmp_path).stamp
    assert {"own-part==1.0", "other-part==1.0"} <= {line.split(" ")[0] for line in stamp["freeze"]}
    assert stamp["first"][0]["taken"] == "from a bundle"
    assert state(SMALL, tmp_path).status == "installed"


@pytest.mark.parametrize(
    "name", ["own_part-1.0-py3-none-any.whl", "other_part-1.0-py3-none-any.whl"]
)
def test_a_changed_or_missing_file_is_named_and_nothing_is_installed(tmp_path, bundle, name):
    (bundle / name).write_bytes((bundle / name).read_bytes() + b"x")
    told = f"workset small: the bundle is not whole: {name} was changed; nothing was installed"
    with pytest.raises(WorksetError, match=told), opened(tmp_path, bundle):
        pass
    (bundle / name).unlink()
    with pytest.raises(WorksetError, match=f"{name} is missing"), opened(tmp_path, bundle):
        pass
    assert not (tmp_path / "worksets").exists()


def test_a_list_changed_with_its_file_is_not_believed(tmp_path, bundle):
    changed = make_wheel(bundle, "other-part", "import os  # not what was locked\n")
    listed = json.loads((bundle / bundles.MANIFEST).read_text())
    for entry in listed["files"]:
        if entry["file"] == changed.name:
            entry["sha256"] = locked(changed).hashes[0]
    (bundle / bundles.MANIFEST).write_text(json.dumps(listed))
    with pytest.raises(WorksetError, match=f"{changed.name} was changed"), opened(tmp_path, bundle):
        pass


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"workset": "large"},
            "the bundle is of large\n  hint: `forge workset install large --from …`, or name",
        ),
        ({"python": "3.9"}, r"the bundle is for Python 3\.9 on \w+, this is Python 3\.\d+ on"),
        ({"machine": "vax"}, r"the bundle is for Python 3\.\d+ on vax"),
        ({"lock": "0" * 16}, "the bundle is of another lock"),
        ({"files": None}, "is no bundle: manifest.json cannot be read"),
    ],
)
def test_a_bundle_for_another_place_is_refused(tmp_path, bundle, change, told):
    listed = json.loads((bundle / bundles.MANIFEST).read_text())
    (bundle / bundles.MANIFEST).write_text(json.dumps(listed | change))
    with pytest.raises(WorksetError, match=told), opened(tmp_path, bundle):
        pass


def test_a_tar_for_another_place_is_refused_before_it_is_unpacked(tmp_path, bundle):
    listed = json.loads((bundle / bundles.MANIFEST).read_text())
    (bundle / bundles.MANIFEST).write_text(json.dumps(listed | {"python": "3.9"}))
    tar = tmp_path / "bundle.tar"
    bundles._pack(bundle, tar)
    tar.write_bytes(tar.read_bytes()[:2048])  # what comes after the list is not looked at
    with pytest.raises(WorksetError, match=r"the bundle is for Python 3\.9 on"):
        bundles.opened("small", SMALL, tmp_path, tar).__enter__()


def test_one_tar_file_holds_the_same(tmp_path, bundle):
    tar = tmp_path / "bundle.tar"
    names = sorted(path.name for path in bundle.iterdir())
    bundles._pack(bundle, tar)
    with tarfile.open(tar, "a") as archive:
        archive.add(Path(__file__), "../../outside.py")
    with opened(tmp_path, tar) as found:
        assert sorted(path.name for path in found.folder.iterdir()) == names
        folder = found.folder
    assert not folder.exists()


@pytest.mark.parametrize("form", ["w", "w:gz"])
def test_one_that_was_cut_off_is_refused(tmp_path, bundle, form):
    tar = tmp_path / "bundle.tar"
    (bundle / "other_part-1.0-py3-none-any.whl").write_bytes(os.urandom(100_000))
    with tarfile.open(tar, form) as archive:
        archive.add(bundle / bundles.MANIFEST, bundles.MANIFEST)
        archive.add(bundle / "other_part-1.0-py3-none-any.whl", "other_part-1.0-py3-none-any.whl")
    tar.write_bytes(tar.read_bytes()[:50_000])
    with pytest.raises(WorksetError) as caught, opened(tmp_path, tar):
        pass
    assert caught.value.what.startswith(f"{tar} was cut off or changed: ")
    assert caught.value.what.endswith("; nothing was installed")
    assert caught.value.hint == (
        "carry it across again, or make it again: `forge workset bundle small`"
    )


def test_one_that_the_disk_has_no_room_for_says_how_to_unpack_it(tmp_path, bundle, monkeypatch):
    tar = tmp_path / "bundle.tar"
    bundles._pack(bundle, tar)

    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bundles.shutil, "copyfileobj", full)
    with pytest.raises(WorksetError) as caught, opened(tmp_path, tar):
        pass
    assert str(caught.value) == (
        f"workset small: {tar} cannot be unpacked into {tmp_path}: No space left on device\n"
        f"  hint: unpack it where there is room: tar -xf {tar} -C FOLDER, then --from FOLDER"
    )


def test_one_on_a_medium_that_can_only_be_read_is_unpacked_elsewhere(tmp_path, bundle, monkeypatch):
    tar = tmp_path / "medium" / "bundle.tar"
    tar.parent.mkdir()
    bundles._pack(bundle, tar)
    monkeypatch.setattr(bundles.os, "access", lambda place, mode: False)
    with opened(tmp_path, tar) as found:
        assert tar.parent not in found.folder.parents


def test_what_is_there_is_not_overwritten(tmp_path, bundle):
    with pytest.raises(WorksetError, match="is there already\n  hint: name another place"):
        bundles.make(
            "small", SMALL, tmp_path, tmp_path, bundle, lambda step: None, lambda text: None
        )


LAMP = replace(
    SMALL, variants={"cpu": replace(SMALL.variants["cpu"], libraries={"liblamp.so.1": "liblamp1"})}
)


class Shop:
    """Apt of a distribution with one package, made with the real dpkg-deb."""

    def __init__(self, folder):
        pass

    def download(self, packages, folder):
        assert packages == ["liblamp1"]
        tree = folder / "tree"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(
            "Package: liblamp1\nVersion: 1.0\nArchitecture: all\n"
            "Maintainer: us\nDescription: a lamp\n"
        )
        (tree / "usr/lib").mkdir(parents=True)
        (tree / "usr/lib/liblamp.so.1").write_text("a library")
        subprocess.run(["dpkg-deb", "--build", tree, folder], check=True, capture_output=True)
        return sorted(folder.glob("*.deb"))


class Offline:
    """Apt of a machine without a network."""

    def __init__(self, folder):
        raise SandboxError("", "apt-get has no network", "a hint that would be a second remedy")


@pytest.fixture
def lamp(tmp_path, index, monkeypatch):
    """A bundle of a workset that needs a shared library; then index and apt are gone."""
    if not shutil.which("dpkg-deb"):
        pytest.skip("needs dpkg-deb")
    monkeypatch.setattr(libraries, "Apt", Shop)
    to = tmp_path / "bundle"
    made = bundles.make("small", LAMP, tmp_path, tmp_path, to, lambda step: None, lambda text: None)
    assert made[0] == 2
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "gone"))
    monkeypatch.setattr(libraries, "Apt", Offline)
    return to


DEB = "liblamp1_1.0_all.deb"


def test_a_bundle_holds_the_packages_of_shared_libraries(tmp_path, lamp):
    assert (lamp / DEB).is_file()
    with bundles.opened("small", LAMP, tmp_path, lamp) as found:
        assert install(LAMP, tmp_path, bundle=found)
    paths = worksets.environment_of("small", tmp_path)["LD_LIBRARY_PATH"]
    assert (Path(paths) / "liblamp.so.1").read_text() == "a library"


def test_a_changed_or_missing_package_is_named_and_nothing_is_installed(tmp_path, lamp):
    (lamp / DEB).write_bytes((lamp / DEB).read_bytes() + b"x")
    told = f"workset small: the bundle is not whole: {DEB} was changed; nothing was installed"
    opening = bundles.opened("small", LAMP, tmp_path, lamp)
    with pytest.raises(WorksetError, match=told), opening:
        pass
    (lamp / DEB).unlink()
    opening = bundles.opened("small", LAMP, tmp_path, lamp)
    with pytest.raises(WorksetError, match=f"{DEB} is missing"), opening:
        pass
    assert not (tmp_path / "worksets").exists()


def test_a_bundle_without_the_package_says_what_to_install(tmp_path, lamp):
    listed = json.loads((lamp / bundles.MANIFEST).read_text())
    del listed["libraries"]  # as bundles were before they held any
    (lamp / bundles.MANIFEST).write_text(json.dumps(listed))
    opening = bundles.opened("small", LAMP, tmp_path, lamp)
    with opening as found, pytest.raises(WorksetError) as caught:
        install(LAMP, tmp_path, bundle=found)
    assert str(caught.value) == (
        "workset small: needs liblamp.so.1, which the machine lacks; the bundle holds no liblamp1\n"
        "  hint: install your distribution's package, on Debian liblamp1"
    )


def test_a_bundle_is_not_made_without_the_packages_that_it_needs(tmp_path, index, monkeypatch):
    monkeypatch.setattr(libraries, "Apt", Offline)
    to = tmp_path / "lamp.tar"
    with pytest.raises(WorksetError) as caught:
        bundles.make("small", LAMP, tmp_path, tmp_path, to, lambda step: None, lambda text: None)
    assert str(caught.value) == (
        "workset small: its bundle needs Debian's liblamp1; apt-get has no network\n"
        "  hint: make the bundle on a Debian or Ubuntu machine with a network"
    )
    assert not to.exists()
