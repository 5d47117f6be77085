"""Measures each rule's own remediation on the untouched root, and keeps what was found.

Attempts are compared with these references; a rule is measured at most once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from harness_forge.rollouts.environments.sandbox.pool import cores
from harness_forge.rollouts.environments.scap import guard
from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.judge import FAIL, PASS
from harness_forge.rollouts.environments.scap.lab import Lab
from harness_forge.rollouts.environments.scap.untouched_root import (
    Reference,
    UntouchedRoot,
    choose_guard,
    guards,
)

Progress = Callable[[int, int], None]


class References:
    """The effect of each rule's own remediation on the untouched root.

    Args:
        rules: all rules of the profile, by id.
        file: where measurements are kept; read if it is there.
        protected: folders that no script may change.
    """

    def __init__(
        self, lab: Lab, rules: Mapping[str, ScapRule], file: Path, protected: Iterable[str]
    ) -> None:
        self._lab, self._rules, self.file, self._protected = lab, rules, file, protected
        self._measuring = threading.Lock()

    @cached_property
    def untouched(self) -> UntouchedRoot:
        """The untouched root, with the references that were measured so far."""
        with self._measuring:
            return UntouchedRoot.load(self.file) or self.measure_untouched()

    @cached_property
    def guards(self) -> dict[str, tuple[str, ...]]:
        """For every rule, the rules that must still pass after an attempt at it."""
        return guards(self.untouched, self._rules)

    def of(self, rule_id: str) -> Reference:
        """Return the effect of a rule's own remediation."""
        untouched = self.untouched
        if rule_id not in untouched.references:
            untouched.references[rule_id] = self._measured(rule_id, untouched)
        return untouched.references[rule_id]

    def measure(self, rule_ids: Iterable[str], progress: Progress | None) -> None:
        """Measure on all cores what was not measured yet, and save it; Ctrl-C stops it at once.

        Args:
            progress: called with (done, total) at the start and after each rule.
        """
        missing = [name for name in rule_ids if name not in self.untouched.references]
        if not missing:
            return
        if progress:
            progress(0, len(missing))  # its clock runs from here
        with ThreadPoolExecutor(cores()) as pool:
            try:
                for done, _ in enumerate(pool.map(self.of, missing), 1):
                    if progress:
                        progress(done, len(missing))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        self.untouched.save(self.file)

    def never_allowed(self, fault: str) -> bool:
        """Say whether a fault counts even if the rule's own remediation causes it."""
        return guard.never_allowed(fault, self._protected)

    def measure_untouched(self) -> UntouchedRoot:
        """Measure the untouched root, and save it without references."""
        entries, before, wiped = self._lab.untouched()
        untouched = UntouchedRoot(
            entries, before.by_rule, choose_guard(before.by_rule, wiped.by_rule)
        )
        untouched.save(self.file)
        return untouched

    def _measured(self, rule_id: str, untouched: UntouchedRoot) -> Reference:
        rule, before = self._rules[rule_id], untouched.verdicts.get(rule_id)
        if before != FAIL or not rule.fix:
            return Reference(before)
        asked = [rule_id, *self.guards[rule_id]]
        played = self._lab.play(rule.fix, asked, untouched.entries)
        # The machine may be busy, and what is found is kept for good.
        if played.applied.killed or played.verdicts.unjudged:
            played = self._lab.play(rule.fix, asked, untouched.entries, wait=True)
        after = played.verdicts.by_rule.get(rule_id)
        faults = sorted(played.faults | played.broken(self.guards[rule_id]))
        return Reference(
            before=before,
            after=after,
            faults=tuple(faults),
            killed=played.applied.killed,
            full_cycle=after == PASS and not any(map(self.never_allowed, faults)),
            effect=played.effect,
            seconds=round(played.applied.seconds + played.verdicts.seconds, 3),
        )
