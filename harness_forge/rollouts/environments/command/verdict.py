"""What a judge said: its exit code, or the JSON of its last line.

A judge that says nothing readable gives no verdict; whose fault that is, the
environment finds out.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from harness_forge.rollouts.environments.sandbox.sandbox import ScriptResult

_NOT_RUN = {126: "cannot be executed", 127: "is not found"}
"""Exit codes by which bash says that a command did not start."""
_SHELL = re.compile(r"^\S*bash: line \d+: ")


@dataclass(frozen=True)
class CommandVerdict:
    """What a judge said of an answer.

    Args:
        value, confidence: 0 to 1; reason: in the judge's words.
        spoke: its last line said it.
        by_line: and its exit code was 0 as always.
    """

    passed: bool
    value: float
    confidence: float = 1.0
    reason: str = ""
    spoke: bool = False
    by_line: bool = False


class NoVerdict(Exception):
    """The judge gave none; `args[0]` says why."""


def read(applied: ScriptResult) -> CommandVerdict:
    """Return what a judge that ended said.

    Raises:
        NoVerdict: it was killed, did not start, or printed JSON that means nothing.
    """
    if applied.killed:
        raise NoVerdict(f"the judge was killed: limit on {applied.killed}")
    if applied.rc in _NOT_RUN:
        shell = _SHELL.sub("", last_line(applied.output))
        raise NoVerdict(f"the judge {_NOT_RUN[applied.rc]}: {shell}")
    line = last_line(applied.output)
    if line.startswith("{"):
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            raise NoVerdict(f"the judge's last line is no JSON: {line[:80]}") from None
        if "passed" in said or "value" in said:
            return _read(said, applied.rc)
    passed = applied.rc == 0
    return CommandVerdict(passed, float(passed), reason="" if passed else line[:200])


def last_line(output: str) -> str:
    """Return the last line that is not empty, '' if there is none."""
    lines = output.strip().splitlines()
    return lines[-1].strip() if lines else ""


def _read(said: dict[str, Any], rc: int) -> CommandVerdict:
    passed, value = said.get("passed"), said.get("value")
    if passed is None:
        passed = value == 1
    if value is None:
        value = float(passed is True)
    confidence = said.get("confidence", 1.0)
    for name, number in (("value", value), ("confidence", confidence)):
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 1:
            raise NoVerdict(f"the judge says {name} {number!r}, which is not between 0 and 1")
    if not isinstance(passed, bool):
        raise NoVerdict(f"the judge says passed {passed!r}, which is neither true nor false")
    if value == (0 if passed else 1):
        raise NoVerdict(f"the judge says passed {json.dumps(passed)} and value {value}")
    if passed and rc:
        raise NoVerdict(f"the judge says that it passed, and exits {rc}")
    reason = str(said.get("reason") or "")[:500]
    return CommandVerdict(
        passed, float(value), float(confidence), reason, spoke=True, by_line=not rc
    )
