"""What is missing is said in one line, with the remedy."""

from __future__ import annotations

import shutil

import pytest

from harness_forge.environments.scap import ScapConfig, open_scap, packages
from harness_forge.environments.scap.doctor import doctor
from harness_forge.environments.scap.sandbox import Tools

CONFIG = ScapConfig("ssg-none-ds.xml", "stig", "ssg-none", "rhel9")


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)


@pytest.fixture
def no_scanner(monkeypatch):
    there = {"bwrap": "/usr/bin/bwrap", "tar": "/usr/bin/tar"}
    monkeypatch.setattr(shutil, "which", there.get)


def message(home):
    with pytest.raises(packages.SandboxError) as caught:
        open_scap("stig", CONFIG, home)
    assert caught.value.exit_code == 4
    return str(caught.value)


def test_no_bubblewrap(tmp_path, nothing_installed):
    assert message(tmp_path) == (
        "bubblewrap (bwrap) is not installed\n  hint: run `forge env setup`"
    )


def test_no_scanner(tmp_path, no_scanner):
    assert message(tmp_path) == (
        "the scanner (oscap) is not installed\n  hint: run `forge env setup`"
    )


def test_no_content(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "find_tools", lambda home: Tools("/usr/bin/bwrap"))
    assert message(tmp_path) == (
        "ssg-none-ds.xml: no SCAP content of that name\n  hint: run `forge env setup`"
    )


def test_no_apt(tmp_path, nothing_installed):
    with pytest.raises(packages.SandboxError) as caught:
        packages.setup(CONFIG, tmp_path)
    assert str(caught.value) == (
        "apt-get and dpkg-deb are not here\n"
        "  hint: install openscap-scanner and bubblewrap with this system's package manager"
    )


def test_a_scanner_that_does_not_start(tmp_path):
    (tmp_path / "usr/bin").mkdir(parents=True)
    oscap = tmp_path / "usr/bin/oscap"
    oscap.write_text("#!/bin/sh\necho libx.so: cannot open >&2\nexit 127\n")
    oscap.chmod(0o755)
    with pytest.raises(packages.SandboxError) as caught:
        packages.scanner_version(Tools("bwrap", scanner=str(tmp_path)))
    assert str(caught.value) == (
        "oscap: the scanner does not start: libx.so: cannot open\n  hint: run `forge env setup`"
    )


def test_doctor_says_all_of_it_at_once(tmp_path, nothing_installed):
    lines = [str(check) for check in doctor(CONFIG, tmp_path)]
    assert lines[:2] == [
        "no  content    ssg-none-ds.xml: no SCAP content of that name; run `forge env setup`",
        "no  scanner    bubblewrap (bwrap) is not installed; run `forge env setup`",
    ]
    assert lines[2] == "ok  root       rhel9.root"


def test_setup_does_nothing_when_nothing_is_missing(tmp_path, monkeypatch):
    folder = packages.unpacked(tmp_path) / packages.CONTENT
    folder.mkdir(parents=True)
    (folder / CONFIG.datastream).touch()
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(packages, "_apt", lambda *words, **options: pytest.fail("apt was asked"))
    packages.setup(CONFIG, tmp_path)
