"""Run a script on the disposable root and examine the result.

Owns the sandboxes, one for each core, and the order of the steps: reset,
script, difference of the root, verdicts. It reports what it saw; `outcome`
decides whether that is a success.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.sandbox.pool import SandboxPool
from harness_forge.rollouts.environments.sandbox.sandbox import Disk, Limits, Sandbox, ScriptResult
from harness_forge.rollouts.environments.sandbox.tools import Tools
from harness_forge.rollouts.environments.scap.grouping import effect
from harness_forge.rollouts.environments.scap.guard import tree_faults
from harness_forge.rollouts.environments.scap.judge import (
    LIMITS,
    PATIENCE,
    Verdicts,
    judge,
    patient,
)
from harness_forge.rollouts.environments.scap.slim import SlimContent

_WIPE = "find / -xdev -mindepth 1 -delete 2>/dev/null"
_WIPE_LIMITS = Limits(wall_s=60)
_WHOLE = replace(patient(LIMITS), cpu_s=LIMITS.cpu_s * PATIENCE)
"""Of an evaluation of all rules."""

Entries = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class ScriptRun:
    """A script that was run, and its effects.

    Args:
        faults: what got worse in the root, as `guard` names it.
        verdicts: empty if the script was killed.
        at_fault: rules on which the scanner fails on an untouched root too.
        effect: hash of the changes.
    """

    applied: ScriptResult
    faults: frozenset[str] = frozenset()
    verdicts: Verdicts = field(default_factory=Verdicts)
    at_fault: frozenset[str] = frozenset()
    effect: str = ""

    def broken(self, guarded: Iterable[str]) -> set[str]:
        """Return the guarded rules that no longer pass, as faults."""
        if self.applied.killed:
            return set()
        return {f"rule:{name}" for name in guarded if not self.verdicts.passed(name)}


class Lab:
    """A pool of sandboxes over one root, with the content that judges it.

    Args:
        single: map one uid even if more are available.
    """

    def __init__(
        self, tools: Tools, disk: Disk, content: SlimContent, limits: Limits, *, single: bool
    ) -> None:
        self._tools, self._disk, self._single = tools, disk, single
        self._content, self._limits = content, limits
        self._pool = SandboxPool(self._started)
        self._multi_uid: bool | None = None

    def close(self) -> None:
        """End every sandbox."""
        self._pool.close()

    @cached_property
    def multi_uid(self) -> bool:
        """Whether files of the root can belong to several users."""
        with self._pool.lend() as box:
            return box.multi_uid

    def untouched(self) -> tuple[dict[str, Any], Verdicts, Verdicts]:
        """Return the untouched root's entries and verdicts, and the verdicts of an empty root.

        Raises:
            SandboxError: the scanner reports nothing, or was stopped before it had ended.
        """
        with self._pool.lend() as box:
            entries = box.baseline()
            before = judge(box, self._content, self._content.rule_ids, _WHOLE)
            box.apply(_WIPE, _WIPE_LIMITS, protect=False)
            wiped = judge(box, self._content, self._content.rule_ids, _WHOLE)
        if cut := before.cut or wiped.cut:
            # Kept as it is, every rule after that would have no verdict from then on.
            raise SandboxError(
                "",
                f"the scanner met its limit of {cut} on an untouched root",
                "the machine may be too busy: run the command again; nothing of it was kept",
            )
        if not before.by_rule:
            raise SandboxError(
                "", "the scanner gives no verdict on an untouched root", "run `forge env doctor`"
            )
        return entries, before, wiped

    def play(
        self,
        script: str,
        rule_ids: Sequence[str],
        entries: Entries,
        *,
        protect: bool = True,
        wait: bool = False,
    ) -> ScriptRun:
        """Reset the root, run `script` on it and judge `rule_ids`.

        Args:
            entries: of the untouched root.
            protect: keep the package database read-only.
            wait: give script and scanner the time that a busy machine takes.

        Raises:
            SandboxError: the sandbox failed, twice.
        """
        try:
            return self._play(script, rule_ids, entries, protect, wait)
        except SandboxError:
            return self._play(script, rule_ids, entries, protect, wait)

    def changes(self, scripts: Sequence[str]) -> dict[str, Any]:
        """Reset, run the scripts in order, and return the entries that differ."""
        with self._pool.lend() as box:
            box.reset()
            for script in scripts:
                box.apply(script, self._limits)
            return box.changes()

    def works(self) -> bool:
        """Return whether an empty script runs."""
        try:
            with self._pool.lend() as box:
                box.reset()
                return box.apply("true", self._limits).rc == 0
        except SandboxError:
            return False

    def _play(
        self, script: str, rule_ids: Sequence[str], entries: Entries, protect: bool, wait: bool
    ) -> ScriptRun:
        script_limits = patient(self._limits) if wait else self._limits
        scan_limits = patient(LIMITS) if wait else LIMITS
        with self._pool.lend() as box:
            box.reset()
            applied = box.apply(script, script_limits, protect=protect)
            if applied.killed:
                return ScriptRun(applied)
            changes = box.changes()
            faults = tree_faults(entries, changes) | ({"disk:full"} if applied.full else set())
            verdicts = judge(box, self._content, rule_ids, scan_limits)
            at_fault: tuple[str, ...] = ()
            if verdicts.unjudged:
                box.reset()
                at_fault = judge(box, self._content, verdicts.unjudged, scan_limits).unjudged
        return ScriptRun(applied, frozenset(faults), verdicts, frozenset(at_fault), effect(changes))

    def _started(self) -> Sandbox:
        """Start a sandbox like the others: with one uid, ownership rules pass untouched."""
        box = Sandbox(self._tools, self._disk, single=self._single)
        if self._multi_uid not in (None, box.multi_uid):
            box.close()
            raise SandboxError("", "a sandbox got another map of uids than those before it")
        self._multi_uid = box.multi_uid
        return box
