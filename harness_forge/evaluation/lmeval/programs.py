"""Runs Python that a model wrote, only in the sandbox, and reports what passed."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness_forge.core.errors import EvalError, SandboxError
from harness_forge.evaluation.lmeval.answers import ScoredAnswer
from harness_forge.evaluation.lmeval.folder import Document
from harness_forge.evaluation.scoring.checks import code_of
from harness_forge.rollouts.environments.sandbox import tools
from harness_forge.rollouts.environments.sandbox.sandbox import Limits, Sandbox
from harness_forge.rollouts.environments.scap import root

METRIC, PARSES = "pass_at_1", "code_parses"
LIMITS = Limits(wall_s=10.0, cpu_s=8.0)

_PYTHON = "/usr/bin/python3"
# The program prints a word when the tests have finished, so leaving early does not pass. It
# does not stop a program that reads the word to cheat, as in any such runner.
_RUN = f"echo {{program}} | base64 -d > /tmp/p.py && echo {{word}} | {_PYTHON} -I -S /tmp/p.py"


def opened(home: Path) -> Sandbox:
    """Return a sandbox in which Python runs.

    Raises:
        EvalError: there is none; a model's programs are not run without one.
    """
    hint = "`forge env doctor` says what is missing; or leave the suite out"
    try:
        box = Sandbox(tools.find_tools(home), root.disk("rhel9"))
    except SandboxError as error:
        raise EvalError("humaneval", f"needs the sandbox: {error.what}", hint) from None
    box.reset()
    if box.apply(f"{_PYTHON} -I -S -c 0", LIMITS).rc:
        box.close()
        raise EvalError("humaneval", f"the sandbox has no {_PYTHON}", "install python3 for it")
    return box


def judged(
    documents: Sequence[Document],
    answers: Sequence[ScoredAnswer],
    home: Path,
    show: Callable[[int, int], None] = lambda done, total: None,
) -> list[ScoredAnswer]:
    """Return the answers with `pass_at_1`: the function's tests pass, in time and memory.

    If the sandbox itself fails twice, there is no verdict: `infrastructure`.

    Raises:
        EvalError: there is no sandbox.
    """
    checks = {document.item_id: document.check for document in documents}
    found, box = [], opened(home)
    try:
        for done, answer in enumerate(answers, start=1):
            one, failed = _judged(checks[answer.item_id], answer, box)
            if failed:
                box.close()
                box = opened(home)
                one, _ = _judged(checks[answer.item_id], answer, box)
            found.append(one)
            show(done, len(answers))
    finally:
        box.close()
    return found


def _judged(check: dict[str, Any], answer: ScoredAnswer, box: Sandbox) -> tuple[ScoredAnswer, bool]:
    """Return the answer with its score, and whether the sandbox failed."""
    if not answer.scores.get(PARSES):
        return replace(answer, scores=answer.scores | {METRIC: 0.0}), False
    try:
        passed = passes(check, answer.answer, box)
    except SandboxError:
        return replace(answer, infrastructure=True), True
    return replace(answer, scores=answer.scores | {METRIC: float(passed)}), False


def passes(check: dict[str, Any], text: str, box: Sandbox) -> bool:
    """Return whether the answer's function passes its tests.

    Raises:
        SandboxError: the sandbox failed.
    """
    word = secrets.token_hex(16)
    # First the prompt, for its imports; its function has only a docstring as its body.
    parts = [check["prefix"].rstrip(), code_of(text), check["test"], _end(check["entry_point"])]
    program = base64.b64encode("\n\n".join(parts).encode("utf-8", "replace")).decode()
    box.reset()
    applied = box.apply(_RUN.format(program=program, word=word), LIMITS)
    return applied.killed is None and applied.rc == 0 and applied.output.endswith(f"{word}\n")


def _end(entry: str) -> str:
    return f"check({entry})\nprint(chr(10) + __import__('sys').stdin.read().strip())\n"
