"""Bundles: a lock with all its files, for a machine without a network.

A bundle is a folder, or one tar file of it, with the files as the index serves them
and a list, `manifest.json`. Every file is compared with the lock of the forge that
installs it, so the list need not be trusted. Only the packages installed first (torch,
which has several builds) and the distribution's packages with shared libraries have
their hash from the list alone.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness_forge.config.workset import WorksetConfig
from harness_forge.core.errors import WorksetError
from harness_forge.core.files import whole_file
from harness_forge.worksets.first import asked, index_words
from harness_forge.worksets.installing import Bundle, check_disk, check_python
from harness_forge.worksets.libraries import bundle_libraries, described
from harness_forge.worksets.locks import Lock, Locked, LockSection, lock_of, requirements
from harness_forge.worksets.pip import Pip, Say, clean, written
from harness_forge.worksets.worksets import pick_variant

MANIFEST = "manifest.json"
TAR = ".tar"


def make(
    name: str, config: WorksetConfig, home: Path, locks: Path, to: Path, say: Say, show: Say
) -> tuple[int, int]:
    """Write a bundle for machines like this one.

    Args:
        to: a folder, or a file that ends in `.tar`.

    Returns:
        How many files, and how many bytes.

    Raises:
        WorksetError: `to` is taken, the disk is too small, or pip or apt cannot get a file.
    """
    variant_name, variant = pick_variant(name, config)
    lock = lock_of(name, variant, locks)
    check_python(name, config.python)
    if to.exists() and (to.is_file() or any(to.iterdir())):
        what = f"{to} is there already"
        raise WorksetError(f"workset {name}", what, "name another place: --to PATH")
    check_disk(name, variant.disk_gb, to)
    folder = to.with_name(f"{to.name}.files") if to.suffix == TAR else to
    folder.mkdir(parents=True, exist_ok=True)
    packages = _download(name, lock, folder, say, show)
    entries = _entries(name, packages, folder)
    libraries = bundle_libraries(name, variant.libraries, folder, home, say)
    manifest = {
        "workset": name,
        "variant": variant_name,
        "lock": lock.digest,
        "files": entries,
        "libraries": libraries,
    } | _machine()
    text = json.dumps(manifest, indent=1) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    size = sum(path.stat().st_size for path in folder.iterdir())
    if folder != to:
        say("packing")
        _pack(folder, to)
    return len(entries) + len(libraries), size


def _machine() -> dict[str, str]:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return {"python": version, "machine": platform.machine()}


def _download(name: str, lock: Lock, folder: Path, say: Say, show: Say) -> list[Locked]:
    """Download a lock's files; return the package of each."""
    log = folder.with_name(f"{folder.name}.log")

    def fault(said: str) -> WorksetError:
        hint = f"all it said is in {log}"
        return WorksetError(f"workset {name}", f"pip could not download: {said}", hint)

    pip = Pip(Path(sys.executable), log, fault, show)
    words = ["download", "--no-deps", "--dest", folder]
    first = lock.part(LockSection.first)
    for one in first:
        say(f"{one.name} {one.version}")
        pip.run([*words, "--only-binary=:all:", *index_words(), f"{one.name}=={one.version}"])
    packages, beside = lock.part(LockSection.wheels), lock.part(LockSection.cuda)
    lines = [line for path in folder.glob("*.whl") for line in _requires(path)]
    if asked(lines) & {one.name for one in beside}:
        packages += beside
    source = lock.part(LockSection.source)
    say(f"{len(packages) + len(source)} packages")
    _locked(pip, words, packages, "--only-binary=:all:")
    if source:
        _sources(pip, words, source, [one for one in packages if one.name == "setuptools"])
    log.unlink(missing_ok=True)
    return [*first, *packages, *source]


def _sources(pip: Pip, words: Sequence[str | Path], source: Sequence[Locked], build) -> None:
    """Download source packages; pip inspects them, with the lock's setuptools."""
    folder = Path(words[words.index("--dest") + 1])
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([sys.executable, "-m", "venv", scratch], env=clean(), check=True)
        own = replace(pip, python=Path(scratch) / "bin" / "python")
        replace(own, files=folder).install(build)
        _locked(own, words, source, "--no-build-isolation", "--use-pep517")


def _locked(pip: Pip, words: Sequence[str | Path], packages: Sequence[Locked], *more: str) -> None:
    if packages:
        with written(requirements(packages)) as path:
            pip.run([*words, "--require-hashes", *more, "-r", path], len(packages))


def _requires(wheel: Path) -> Iterator[str]:
    from email.parser import HeaderParser

    with zipfile.ZipFile(wheel) as archive:
        inner = next(one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        text = archive.read(inner).decode()
    yield from HeaderParser().parsestr(text).get_all("Requires-Dist") or []


def _entries(name: str, packages: Sequence[Locked], folder: Path) -> list[dict[str, Any]]:
    brought = (path for path in sorted(folder.iterdir()) if path.name != MANIFEST)
    by_hash = {described(path)["sha256"]: path for path in brought}
    entries = []
    for one in packages:
        found = next((by_hash[known] for known in one.hashes if known in by_hash), None)
        found = found or (_named(by_hash.values(), one) if one.part is LockSection.first else None)
        if not found:
            raise WorksetError(f"workset {name}", f"pip brought no file of {one.pin}")
        entries.append({"pin": one.pin, **described(found)})
    return entries


def _named(paths, one: Locked) -> Path | None:
    return next((path for path in paths if path.name.startswith(f"{one.name}-{one.version}")), None)


def _pack(folder: Path, to: Path) -> None:
    with whole_file(to) as draft, tarfile.open(draft, "w") as tar:
        for path in sorted(folder.iterdir(), key=lambda path: (path.name != MANIFEST, path.name)):
            tar.add(path, path.name, recursive=False)
            path.unlink()
    folder.rmdir()


@contextmanager
def opened(name: str, config: WorksetConfig, locks: Path, given: Path) -> Iterator[Bundle]:
    """Check a bundle's files against the lock, and keep it unpacked for the block.

    Raises:
        WorksetError: it is for another workset, machine or lock, or a file is
            missing or changed, each named.
    """
    _, variant = pick_variant(name, config)
    lock = lock_of(name, variant, locks)
    with tempfile.TemporaryDirectory(dir=_beside(given)) as scratch:
        folder = given
        if given.is_file():
            folder = Path(scratch)
            _unpack(name, given, folder, lock)
        manifest = _manifest(name, folder)
        _check_kind(name, manifest, lock)
        files = {entry["pin"]: entry for entry in manifest["files"]}
        debs = manifest.get("libraries", ())
        _check_files(name, folder, lock, files, debs)
        packages = tuple(
            replace(one, hashes=(files[one.pin]["sha256"],))
            if one.part is LockSection.first
            else one
            for one in lock.packages
            if one.here
        )
        carried = {entry["package"]: _inside(folder.absolute(), entry) for entry in debs}
        yield Bundle(folder.absolute(), replace(lock, packages=packages), carried)


def _beside(given: Path) -> Path | None:
    """Return the folder of a tar file: it has room for such files, /tmp may be small memory."""
    place = given.absolute().parent
    # None is the system's own: a bundle may come on a medium that can only be read.
    return place if given.is_file() and os.access(place, os.W_OK) else None


def _unpack(name: str, tar: Path, folder: Path, lock: Lock) -> None:
    try:
        with tarfile.open(tar) as archive:
            for member in archive:
                # Names with folders in them, links and devices are no part of a bundle.
                if member.isfile() and "/" not in member.name:
                    # By hand: Debian 12's Python has no filters, and only the bytes are needed.
                    packed, place = archive.extractfile(member), folder / member.name
                    with packed, place.open("wb") as file:
                        shutil.copyfileobj(packed, file)
                    # It comes first: gigabytes are not unpacked to be refused.
                    if member.name == MANIFEST:
                        _check_kind(name, _manifest(name, folder), lock)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        what = f"{tar} was cut off or changed: {error}; nothing was installed"
        hint = f"carry it across again, or make it again: `forge workset bundle {name}`"
        raise WorksetError(f"workset {name}", what, hint) from error
    except OSError as error:
        what = f"{tar} cannot be unpacked into {folder.parent}: {error.strerror}"
        hint = f"unpack it where there is room: tar -xf {tar} -C FOLDER, then --from FOLDER"
        raise WorksetError(f"workset {name}", what, hint) from error


def _manifest(name: str, folder: Path) -> Mapping[str, Any]:
    path = folder / MANIFEST
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        for entry in read["files"]:
            _ = entry["pin"], entry["file"], entry["sha256"]
        for entry in read.get("libraries", ()):
            _ = entry["package"], entry["file"], entry["sha256"]
        _ = read["workset"], read["lock"], read["python"], read["machine"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = f"{folder} is no bundle: {MANIFEST} cannot be read ({error})"
        raise WorksetError(f"workset {name}", what, f"`forge workset bundle {name}`") from error
    return read


def _check_kind(name: str, manifest: Mapping[str, Any], lock: Lock) -> None:
    remedy = f"make it on such a machine: `forge workset bundle {name}`"
    if manifest["workset"] != name:
        of = manifest["workset"]
        hint = f"`forge workset install {of} --from …`, or name the bundle of {name}"
        raise WorksetError(f"workset {name}", f"the bundle is of {of}", hint)
    here = _machine()
    made = {key: manifest[key] for key in here}
    if made != here:
        for_, this = (f"Python {one['python']} on {one['machine']}" for one in (made, here))
        raise WorksetError(f"workset {name}", f"the bundle is for {for_}, this is {this}", remedy)
    if manifest["lock"] != lock.digest:
        remedy = f"make it with this forge: `forge workset bundle {name}`"
        raise WorksetError(f"workset {name}", "the bundle is of another lock", remedy)


def _inside(folder: Path, entry: Mapping[str, Any]) -> Path:
    # Only its last part: no entry leads out of the bundle.
    return folder / Path(entry["file"]).name


def _check_files(
    name: str,
    folder: Path,
    lock: Lock,
    files: Mapping[str, Any],
    debs: Sequence[Mapping[str, Any]],
) -> None:
    faults = [
        fault for entry in debs if (fault := _fault(_inside(folder, entry), [entry["sha256"]]))
    ]
    for one in lock.packages:
        entry = files.get(one.pin)
        if not one.here or (one.part is LockSection.cuda and not entry):
            continue
        if not entry:
            faults.append(f"{one.pin} is missing")
            continue
        hashes = (entry["sha256"],) if one.part is LockSection.first else one.hashes
        if fault := _fault(_inside(folder, entry), hashes):
            faults.append(fault)
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        what = f"the bundle is not whole: {', '.join(faults[:3])}{more}; nothing was installed"
        raise WorksetError(f"workset {name}", what, f"make it again: `forge workset bundle {name}`")


def _fault(path: Path, hashes: Sequence[str]) -> str:
    """Return what is wrong with a file; '' if it is one of those wanted."""
    if not path.is_file():
        return f"{path.name} is missing"
    return "" if described(path)["sha256"] in hashes else f"{path.name} was changed"
