"""What starts a schedule by itself: systemd's user units, or a line of a crontab.

Both look every few minutes (`forge schedule run --once`): whether a cycle runs is
decided by the settings, so that neither has to know of windows and clocks.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness_forge.core.errors import ConfigError
from harness_forge.core.files import write_text

CRON_LOG = "cron.log"
"""What a crontab's looks say, in the schedule's folder; the supervisor keeps it short."""

EVERY_MIN = 5
_STOP_S = 90  # a cycle ends within 60 s


@dataclass(frozen=True)
class Units:
    """The two units of a project.

    Args:
        name: without its ending.
        service, timer: their texts.
        folder: where they belong.
    """

    name: str
    service: str
    timer: str
    folder: Path

    @property
    def files(self) -> dict[Path, str]:
        """Each file and its text."""
        return {
            self.folder / f"{self.name}.service": self.service,
            self.folder / f"{self.name}.timer": self.timer,
        }

    @property
    def enabling(self) -> list[list[str]]:
        """The commands that let them run."""
        user = ["systemctl", "--user"]
        return [[*user, "daemon-reload"], [*user, "enable", "--now", f"{self.name}.timer"]]

    @property
    def disabling(self) -> list[list[str]]:
        """The commands that end them; a cycle that runs is stopped and keeps its checkpoint."""
        user = ["systemctl", "--user"]
        return [
            [*user, "disable", "--now", f"{self.name}.timer"],
            [*user, "stop", f"{self.name}.service"],
        ]


def has_systemd() -> bool:
    """Return whether systemd runs this machine."""
    return Path("/run/systemd/system").is_dir() and shutil.which("systemctl") is not None


def command(overrides: Sequence[str]) -> list[str]:
    """Return the command that looks once."""
    return [sys.executable, "-m", "harness_forge.cli", "schedule", "run", "--once", *overrides]


def name_of(project: Path) -> str:
    """Return a name of a project's units, its own for each folder."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", project.name).strip("-").lower()[:40] or "project"
    return f"forge-schedule-{slug}-{hashlib.sha256(os.fsencode(project)).hexdigest()[:8]}"


def units(
    project: Path, overrides: Sequence[str], variables: Mapping[str, str] = os.environ
) -> Units:
    """Return the units of a project.

    Args:
        project: its folder, absolute.
        overrides: as `forge schedule run` takes them.

    Raises:
        ConfigError: a name holds a line break.
    """
    words = command(overrides)
    _one_line(str(project), *words)
    zone = variables.get("TZ", "")
    lines = [
        "[Unit]",
        f"Description=forge: a cycle of the loop in {_percent(str(project))}, if one is due",
        "",
        "[Service]",
        "Type=exec",
        f"WorkingDirectory={_percent(str(project))}",
        *([f"Environment={_quoted(f'TZ={zone}')}"] if zone else []),
        "ExecStart=" + " ".join(_quoted(word).replace("$", "$$") for word in words),
        "# The supervisor stops the training itself; it keeps its checkpoint.",
        "KillMode=mixed",
        f"TimeoutStopSec={_STOP_S}",
        "SuccessExitStatus=130",
    ]
    timer = [
        "[Unit]",
        f"Description=forge: look every {EVERY_MIN} minutes whether a cycle is due",
        "",
        "[Timer]",
        "OnActiveSec=30s",
        f"OnUnitInactiveSec={EVERY_MIN}min",
        "AccuracySec=15s",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    home = Path(variables.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return Units(
        name_of(project), "\n".join(lines) + "\n", "\n".join(timer) + "\n",
        home / "systemd" / "user",
    )  # fmt: skip


def crontab_line(project: Path, overrides: Sequence[str], log: Path) -> str:
    """Return the line of a crontab.

    Args:
        log: gets what is said.

    Raises:
        ConfigError: a name holds a line break.
    """
    words = command(overrides)
    _one_line(str(project), str(log), *words)
    made = f"mkdir -p {shlex.quote(str(log.parent))}"
    looks = f"{shlex.join(words)} >>{shlex.quote(str(log))} 2>&1"
    told = f"cd {shlex.quote(str(project))} && {made} && {looks}"
    return f"*/{EVERY_MIN} * * * * {told}".replace("%", r"\%")


def write(made: Units) -> list[str]:
    """Write the units; return what systemd says against them."""
    for path, text in made.files.items():
        write_text(path, text)
    return faults(made)


def faults(made: Units) -> list[str]:
    """Return what systemd says against units that were written; nothing where it is not there."""
    if shutil.which("systemd-analyze") is None:
        return []
    with tempfile.TemporaryDirectory() as place:
        # Without a session there is no such folder, and systemd asks for one.
        variables = {"XDG_RUNTIME_DIR": place, **os.environ}
        done = subprocess.run(
            ["systemd-analyze", "verify", "--user", "--man=no", *map(str, made.files)],
            env=variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
    return done.stderr.strip().splitlines() if done.returncode else []


def call(commands: Sequence[Sequence[str]], *, strict: bool = True) -> None:
    """Run commands of systemctl.

    Args:
        strict: raise if one fails.

    Raises:
        ConfigError: one failed, with its words.
    """
    for words in commands:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode and strict:
            said = (done.stderr.strip().splitlines() or ["no message"])[-1]
            hint = "the units are written; without a user session, log in once more or use --cron"
            raise ConfigError(" ".join(words), said, hint)


def _one_line(*texts: str) -> None:
    for text in texts:
        if "\n" in text or "\r" in text:
            raise ConfigError(repr(text), "holds a line break", "rename the folder")


def _percent(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    if re.fullmatch(r"[\w@+=:,./-]+", text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_percent(escaped)}"'
