"""Units of systemd and lines of a crontab, for folders with names that both read otherwise."""

import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from harness_forge.collect.schedule import units
from harness_forge.core.errors import ConfigError

WORDS = ["schedule=night", 'schedule.command=[dvc,"re pro $x"]', "schedule.timezone=UTC"]


@pytest.fixture
def made(tmp_path):
    project = tmp_path / "a b%c $x"
    project.mkdir()
    return units.units(project, WORDS, {"XDG_CONFIG_HOME": str(tmp_path / "config")})


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_finds_no_fault(made):
    assert units.write(made) == []
    assert all(path.is_file() for path in made.files)
    broken = replace(made, service=made.service.replace("ExecStart=/", "ExecStart=./"))
    assert units.write(broken)


def test_what_systemd_would_expand_is_escaped(made):
    assert "a b%%c $x\n" in made.service
    assert '"schedule.command=[dvc,\\"re pro $$x\\"]"' in made.service
    assert "TZ=" not in made.service
    zoned = units.units(Path("/a"), [], {"TZ": "Asia/Tokyo"})
    assert "Environment=TZ=Asia/Tokyo\n" in zoned.service


def test_each_folder_has_units_of_its_own():
    one, other = units.name_of(Path("/a/Loop 1")), units.name_of(Path("/b/Loop 1"))
    assert one.startswith("forge-schedule-loop-1-") and one != other


def test_a_crontab_line_runs_as_it_is_written(tmp_path):
    project = tmp_path / "it's 5%"
    project.mkdir()
    line = units.crontab_line(project, ["--help"], tmp_path / "log s" / "out")
    assert line.startswith("*/5 * * * * ")
    # cron takes a bare % for the end of the line.
    command = line.removeprefix("*/5 * * * * ").replace(r"\%", "%")
    assert "%" not in line.replace(r"\%", "")
    subprocess.run(["/bin/sh", "-c", command], check=True)
    assert (tmp_path / "log s" / "out").read_text().startswith("usage: forge schedule")
    assert shlex.split(command)[-2:] == [f">>{tmp_path}/log s/out", "2>&1"]


def test_a_line_break_in_a_name_is_refused():
    with pytest.raises(ConfigError, match="holds a line break"):
        units.units(Path("/a\nb"), [])


def test_a_fault_of_systemctl_is_told():
    with pytest.raises(ConfigError, match=r"^false: no message"):
        units.call([["false"]])
    units.call([["false"]], strict=False)
