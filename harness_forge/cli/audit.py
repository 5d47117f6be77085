"""`forge audit`: prove a written dataset from its files alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness_forge.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness_forge.datasets.audit.audit import AuditFinding

SUMMARY = "prove a written dataset from its files alone"
USAGE = "DATASET … [--brief] [--canaries FILE]"
EXAMPLES = (
    "forge audit data/stig_worker_sft",
    "forge audit data/all_all_sft --canaries secrets.txt",
)
KEYS = ()
JSON = (
    "an array: an object a dataset, with dataset, holds, checks: objects with name, holds, detail"
)

FAILED = 17
CANARIES = "--canaries"
BRIEF = "--brief"
"""Flag: one line for a dataset whose checks all hold."""


def main(argv: list[str]) -> int:
    """Print a line for each check; return 0 where all hold."""
    from pathlib import Path

    from harness_forge.cli.results import report, show
    from harness_forge.datasets.audit.audit import audit

    brief = BRIEF in argv
    folders, canaries = _sorted([word for word in argv if word != BRIEF])
    found = []
    for folder in folders:
        findings = audit(Path(folder), canaries)
        holds = all(one.holds for one in findings)
        show(in_short(folder, findings) if brief and holds else render(folder, findings))
        found.append({"dataset": folder, "holds": holds, "checks": findings})
    report(found)
    return 0 if all(one["holds"] for one in found) else FAILED


def in_short(folder: str, findings: Sequence[AuditFinding]) -> str:
    """Return one line for findings that all hold."""
    return f"{folder}: {len(findings)} checks hold"


def render(folder: str, findings: Sequence[AuditFinding]) -> str:
    """Return the findings as a table."""
    from harness_forge.cli.terminal import painted

    broken = sum(not one.holds for one in findings)
    last = f"{broken} of {len(findings)} checks fail" if broken else f"{len(findings)} checks hold"
    words = {True: painted(f"{'ok':6}", "good"), False: painted(f"{'FAIL':6}", "bad")}
    rows = [f"  {words[one.holds]}{one.name:24}{one.detail}" for one in findings]
    return "\n".join([folder, *rows, f"  {last}"])


def _sorted(argv: list[str]) -> tuple[list[str], list[str]]:
    folders, canaries = [], []
    words = iter(argv)
    for word in words:
        if word == CANARIES or word.startswith(f"{CANARIES}="):
            path = word.partition("=")[2] or next(words, "")
            canaries += _lines(path)
        elif word.startswith("-") or "=" in word:
            raise ConfigError("command line", f"audit takes no '{word}'", f"forge audit {USAGE}")
        else:
            folders.append(word)
    if not folders:
        raise ConfigError("command line", "which dataset?", f"forge audit {USAGE}")
    return folders, canaries


def _lines(name: str) -> list[str]:
    from pathlib import Path

    path: Path = Path(name)
    try:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise ConfigError(CANARIES, f"cannot be read: {name}: {error.strerror}") from None
