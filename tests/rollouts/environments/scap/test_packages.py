"""What is missing is said in one line, with the remedy."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace

import pytest
from scap_worlds import HOME

from harness_forge.config.scap import ScapConfig
from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.sandbox import tools as trees
from harness_forge.rollouts.environments.sandbox.sandbox import Sandbox
from harness_forge.rollouts.environments.sandbox.tools import Tools
from harness_forge.rollouts.environments.scap import open_scap, packages, probe, root
from harness_forge.rollouts.environments.scap.doctor import doctor
from harness_forge.worksets.apt import Apt

CONFIG = ScapConfig("ssg-none-ds.xml", "stig", "ssg-none", "rhel9")


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)


@pytest.fixture
def unpacked(tmp_path):
    """A tree of one program, as `forge env setup` leaves it."""
    tree = trees.folder_of(tmp_path)
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin/oscap").write_text("here")
    row = {
        "asked": sorted(trees.PACKAGES),
        "release": "debian12",
        "packages": {"openscap-scanner": "1.3.7"},
        "files": {"usr/bin/oscap": 4},
    }
    (tree / "tools.json").write_text(json.dumps(row))
    return tree


def message(home):
    with pytest.raises(SandboxError) as caught:
        open_scap("stig", CONFIG, home)
    assert caught.value.exit_code == 4
    return str(caught.value)


def test_no_tools(tmp_path):
    assert message(tmp_path) == (
        "the tools of the sandbox are not unpacked\n  hint: run `forge env setup`"
    )


def test_tools_of_another_list_of_packages(tmp_path, unpacked, monkeypatch):
    monkeypatch.setattr(trees, "PACKAGES", ("bash",))
    assert message(tmp_path) == (
        "the tools of the sandbox are another version's\n  hint: run `forge env setup`"
    )


def test_a_file_that_is_gone_from_the_tools(tmp_path, unpacked):
    (unpacked / "usr/bin/oscap").unlink()
    assert message(tmp_path) == (
        f"{unpacked}: gone or changed since unpacked: usr/bin/oscap\n  hint: run `forge env setup`"
    )


def test_no_content(tmp_path, unpacked):
    assert message(tmp_path) == (
        "ssg-none-ds.xml: no SCAP content of that name\n  hint: run `forge env setup`"
    )


def test_no_apt(tmp_path, nothing_installed):
    with pytest.raises(SandboxError) as caught:
        packages.setup(CONFIG, tmp_path)
    assert str(caught.value) == (
        "apt-get and dpkg-deb are not here\n"
        "  hint: on another Linux copy the folder .forge/scap from a Debian or Ubuntu machine "
        "where `forge env setup` was run"
    )


def test_a_scanner_that_does_not_start(tmp_path):
    (tmp_path / "usr/lib/any").mkdir(parents=True)
    loader = tmp_path / "usr/lib/any/ld-linux.so.2"
    loader.write_text("#!/bin/sh\necho libx.so: cannot open >&2\nexit 127\n")
    loader.chmod(0o755)
    with pytest.raises(SandboxError) as caught:
        trees.scanner_version(Tools(str(tmp_path), "debian12", {}, {}))
    assert str(caught.value) == (
        "oscap: the scanner does not start: libx.so: cannot open\n  hint: run `forge env setup`"
    )


def test_doctor_says_all_of_it_at_once(tmp_path):
    lines = [str(check) for check in doctor(CONFIG, tmp_path)]
    assert lines[:3] == [
        "no  content    ssg-none-ds.xml: no SCAP content of that name; run `forge env setup`",
        "no  tools      the tools of the sandbox are not unpacked; run `forge env setup`",
        "ok  root       rhel9.root",
    ]


def test_setup_does_nothing_when_nothing_is_missing(tmp_path, unpacked, monkeypatch):
    folder = packages.unpacked(tmp_path) / packages.CONTENT
    folder.mkdir(parents=True)
    (folder / CONFIG.datastream).touch()
    monkeypatch.setattr(Apt, "_run", lambda *words: pytest.fail("apt was asked"))
    packages.setup(CONFIG, tmp_path)


def test_other_versions_are_other_tools():
    tools = Tools("/x", "debian12", {"bash": "5.2", "sed": "4.9"}, {})
    assert tools.name.startswith("debian12-")
    assert tools.name == replace(tools, tree="/y").name
    assert tools.name != replace(tools, packages=tools.packages | {"sed": "4.10"}).name
    assert tools.name != replace(tools, release="debian13").name


@pytest.mark.sandbox
def test_the_plan_names_all_that_a_bare_machine_needs(tools):
    assert {"openscap-scanner", "rpm-common", "bash", "coreutils", "sed"} <= tools.packages.keys()
    assert any(name.startswith("libc6") for name in tools.packages)


@pytest.mark.sandbox
@pytest.mark.parametrize("program", ["oscap", "bwrap", "tar"])
def test_programs_need_no_library_of_the_machine(tools, program):
    loader, *words = tools.command(program)
    listed = subprocess.run([loader, "--list", *words], capture_output=True, text=True)
    paths = [line.split()[2] for line in listed.stdout.splitlines() if "=>" in line]
    assert paths
    assert [path for path in paths if not path.startswith(tools.tree)] == []


@pytest.mark.sandbox
@pytest.mark.parametrize("platform", ["rhel9", "ubuntu2004"])
def test_the_package_database_is_read(tools, platform):
    box = Sandbox(tools, root.disk(platform))
    try:
        assert probe.reads_packages(box, root.recipe_of(platform)).startswith("the scanner reads")
    finally:
        box.close()


@pytest.mark.sandbox
def test_tools_without_rpmrc_are_noticed_before_any_survey(tools, tmp_path):
    """As on a machine whose scanner came without the packages it only recommends."""
    tree = tmp_path / "tools"
    shutil.copytree(trees.folder_of(HOME), tree, symlinks=True)
    (tree / "usr/lib/rpm/rpmrc").unlink()
    box = Sandbox(replace(tools, tree=str(tree)), root.disk("rhel9"))
    try:
        with pytest.raises(SandboxError) as caught:
            probe.reads_packages(box, root.recipe_of("rhel9"))
    finally:
        box.close()
    assert str(caught.value) == (
        "the scanner does not read the root's rpm database (it says notapplicable), so rules "
        "that ask for a package count for nothing; it needs usr/lib/rpm/rpmrc of rpm-common\n"
        "  hint: delete .forge/scap/tools and run `forge env setup`"
    )
