"""The `scap` world: attempt a rule on a disposable root, let OpenSCAP judge.

Owns what an attempt is and what counts as success: the target rule passes and
nothing in the guard set got worse. Joins content, root, sandbox, judge and
guard; `survey` says which rules can be attempted at all.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from harness_forge.environments.scap import ground as grounds
from harness_forge.environments.scap import guard, packages, root, slim
from harness_forge.environments.scap import sandbox as sandboxes
from harness_forge.environments.scap.config import ScapConfig
from harness_forge.environments.scap.content import Rule, load_rules
from harness_forge.environments.scap.ground import (
    Ground,
    Reference,
    choose_guard,
    guards,
    wipe_script,
)
from harness_forge.environments.scap.grouping import effect, group_keys
from harness_forge.environments.scap.judge import FAIL, PASS, Verdicts, judge
from harness_forge.environments.scap.sandbox import Applied, Limits, Sandbox
from harness_forge.environments.scap.slim import SlimContent
from harness_forge.errors import SandboxError
from harness_forge.records import Answer, Origin, Outcome, WorkItem

if TYPE_CHECKING:
    from harness_forge.environments.scap.gold import Fix

TOOLS = (
    {
        "type": "function",
        "function": {
            "name": "apply_fix",
            "description": "Run a bash script as root that makes the rule pass.",
            "parameters": {
                "type": "object",
                "properties": {
                    "fix_script": {"type": "string", "description": "bash that fixes it"},
                    "revert_script": {"type": "string", "description": "bash that undoes it"},
                    "description": {"type": "string", "description": "what it does"},
                },
                "required": ["fix_script", "revert_script", "description"],
            },
        },
    },
)
"""The one tool a worker has."""

_KILLED = {
    "wall": "timeout",
    "cpu": "timeout",
    "memory": "resource_limit",
    "processes": "resource_limit",
    "output": "resource_limit",
    "script": "script_too_long",
}
_OUTPUT_KEPT = 2000

Progress = Callable[[int, int], None]


class ScapEnvironment:
    """Rules to attempt, a disposable root to attempt them on, and their judge.

    Safe to use from several threads: each attempt takes a sandbox of its own
    from a pool as large as the machine has cores.

    Args:
        skill: the skill's name, for messages.
        home: forge's home; caches lie under `scap/` in it.
        single: one uid even where more can be had; ownership rules then
            cannot fail, so fewer rules have the full cycle.
        limits: what one script may use.
    """

    evaluator = "openscap"
    tools = TOOLS

    def __init__(
        self,
        skill: str,
        config: ScapConfig,
        home: Path,
        *,
        single: bool = False,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        self.skill, self._config, self._limits, self._single = skill, config, limits, single
        self._tools = packages.find_tools(home)
        datastream = packages.find_datastream(config, home)
        self.content_digest = hashlib.sha256(datastream.read_bytes()).hexdigest()[:16]
        cache = home.absolute() / "scap" / self.content_digest
        self.rules: Mapping[str, Rule] = load_rules(
            datastream, config.profile, families=config.families, cache_dir=cache
        )
        self._content = SlimContent.open(datastream, config.profile, cache)
        self._disk = root.disk(config.platform)
        self._cache = cache
        self._pool: queue.LifoQueue[Sandbox] = queue.LifoQueue()
        self._free = threading.Semaphore(len(os.sched_getaffinity(0)))
        self._measuring = threading.Lock()

    @cached_property
    def evaluator_version(self) -> str:
        """The scanner's version with the revisions of sandbox and guard."""
        version = packages.scanner_version(self._tools)
        return f"{version}+sandbox{sandboxes.REVISION}.guard{guard.REVISION}.slim{slim.REVISION}"

    @cached_property
    def multi_uid(self) -> bool:
        """Whether files of the root can belong to several users here."""
        with self._sandbox() as box:
            return box.multi_uid

    def close(self) -> None:
        """End every sandbox."""
        while not self._pool.empty():
            self._pool.get_nowait().close()

    # --- what can be attempted ------------------------------------------------

    def survey(self, progress: Progress | None = None) -> list[WorkItem]:
        """Run every rule's own remediation and return all rules as work items.

        Measured once per content, root, sandbox and uid map, and then read
        from the cache. `facts` holds the verdicts before and after.

        Args:
            progress: called with (done, total) after each rule.
        """
        ground = self._ground
        missing = [rule_id for rule_id in self.rules if rule_id not in ground.references]
        if missing:
            with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
                for done, _ in enumerate(pool.map(self._reference, missing), 1):
                    if progress:
                        progress(done, len(missing))
            ground.save(self._ground_file)
        effects = {name: found.effect for name, found in ground.references.items()}
        keys = group_keys(self.rules, effects)
        return [
            self._item(rule, ground.references[rule.id], keys[rule.id])
            for rule in self.rules.values()
        ]

    def _item(self, rule: Rule, reference: Reference, key: str) -> WorkItem:
        return WorkItem(
            item_id=rule.id,
            title=rule.title,
            severity=rule.severity,
            family=rule.family,
            group_key=key,
            full_cycle=reference.full_cycle,
            digest=rule.digest,
            facts={
                "before": reference.before,
                "after": reference.after,
                "reference_faults": list(reference.faults),
                "reference_seconds": reference.seconds,
                "content_fix_chars": len(rule.fix),
            },
        )

    @property
    def _ground_file(self) -> Path:
        made = hashlib.sha256(
            f"{grounds.REVISION} {root.digest(self._disk)} {self.evaluator_version} "
            f"{self._config.profile} "
            f"{'multi' if self.multi_uid else 'single'}".encode()
        ).hexdigest()[:16]
        return self._cache / f"survey-{made}.json"

    @cached_property
    def _ground(self) -> Ground:
        with self._measuring:
            return Ground.load(self._ground_file) or self._measured_ground()

    @cached_property
    def _guards(self) -> dict[str, tuple[str, ...]]:
        return guards(self._ground, self.rules)

    def _measured_ground(self) -> Ground:
        with self._sandbox() as box:
            entries = box.baseline()
            before = self._judged(box, self._content.rule_ids)
            box.apply(wipe_script(), Limits(wall_s=60), protect=False)
            wiped = judge(box, self._content, self._content.rule_ids)
        ground = Ground(entries, before.by_rule, choose_guard(before.by_rule, wiped.by_rule))
        ground.save(self._ground_file)
        return ground

    def _judged(self, box: Sandbox, rule_ids: Iterable[str]) -> Verdicts:
        verdicts = judge(box, self._content, rule_ids)
        if not verdicts.by_rule:
            raise SandboxError(
                "", "the scanner gives no verdict on an untouched root", "run `forge env doctor`"
            )
        return verdicts

    def _reference(self, rule_id: str) -> Reference:
        """Return what the rule's own remediation does; measured at most once."""
        ground = self._ground
        if rule_id not in ground.references:
            ground.references[rule_id] = self._measured_reference(rule_id, ground)
        return ground.references[rule_id]

    def _measured_reference(self, rule_id: str, ground: Ground) -> Reference:
        rule, before = self.rules[rule_id], ground.verdicts.get(rule_id)
        if before != FAIL or not rule.fix:
            return Reference(before)
        with self._sandbox() as box:
            played = self._play(box, rule.fix, [rule_id], protect=True)
        after = played.verdicts.by_rule.get(rule_id)
        faults = tuple(sorted(played.faults | played.broken(self._guards[rule_id])))
        counted = [f for f in faults if guard.never_allowed(f, self._disk.protected)]
        return Reference(
            before=before,
            after=after,
            faults=faults,
            killed=played.applied.killed,
            full_cycle=after == PASS and not played.applied.killed and not counted,
            effect=played.effect,
            seconds=round(played.applied.seconds + played.verdicts.seconds, 3),
        )

    # --- attempts -------------------------------------------------------------

    def attempt(self, item_id: str, script: str) -> Outcome:
        """Reset the root, run `script` on it, and judge what became of it.

        Raises:
            SandboxError: no such rule, or the sandbox cannot be had.
        """
        return self.examine(script, [item_id])[item_id]

    def examine(
        self, script: str, item_ids: Sequence[str] | None = None, *, protect: bool = True
    ) -> dict[str, Outcome]:
        """Run `script` once and judge it as an attempt at each of `item_ids`.

        Args:
            item_ids: None for every rule with a check.
            protect: False leaves the package database writable, to test that
                the guard notices by itself.
        """
        names = list(self._content.rule_ids if item_ids is None else item_ids)
        for name in names:
            self._check_known(name)
        references = {name: self._reference(name) for name in names}
        try:
            with self._sandbox() as box:
                played = self._play(box, script, names, protect)
                at_fault = self._scanner_at_fault(box, played.verdicts.unjudged)
        except SandboxError as error:
            return {name: self._no_verdict(str(error)) for name in names}
        return {
            name: self._outcome(name, references[name], played, name in at_fault) for name in names
        }

    def _check_known(self, rule_id: str) -> None:
        if rule_id not in self._content.rule_ids:
            raise SandboxError(
                rule_id,
                "no such rule, or one without an automatic check",
                "`forge env table` lists the families",
            )

    def _play(self, box: Sandbox, script: str, names: Sequence[str], protect: bool) -> _Played:
        ground = self._ground
        box.reset()
        applied = box.apply(script, self._limits, protect=protect)
        if applied.killed:
            return _Played(applied, set(), Verdicts())
        changes = box.changes()
        faults = guard.tree_faults(ground.entries, changes)
        if applied.full:
            faults.add("disk:full")
        asked = list(names)
        for name in names:
            asked += self._guards[name]
        return _Played(applied, faults, judge(box, self._content, asked), effect(changes))

    def _scanner_at_fault(self, box: Sandbox, unjudged: Sequence[str]) -> frozenset[str]:
        """Return the rules on which the scanner fails with an untouched root too."""
        if not unjudged:
            return frozenset()
        box.reset()
        return frozenset(judge(box, self._content, unjudged).unjudged)

    def _outcome(self, name: str, reference: Reference, played: _Played, at_fault: bool) -> Outcome:
        if at_fault:
            return self._no_verdict("the scanner gave no verdict, nor on an untouched root")
        allowed = {f for f in reference.faults if not guard.never_allowed(f, self._disk.protected)}
        guarded = self._guards[name]
        faults = sorted((played.faults | played.broken(guarded)) - allowed)
        target = played.verdicts.by_rule.get(name)
        failure, summary = _failure(played.applied, target, faults)
        return Outcome(
            passed=failure is None,
            value=float(failure is None),
            confidence=1.0,
            failure_mode=failure,
            summary=summary,
            evaluator=self.evaluator,
            evaluator_version=self.evaluator_version,
            seconds=round(played.applied.seconds + played.verdicts.seconds, 3),
            signals={
                "target": target,
                "faults": faults,
                "script": {
                    "rc": played.applied.rc,
                    "killed": played.applied.killed,
                    "seconds": played.applied.seconds,
                    "output": played.applied.output[:_OUTPUT_KEPT],
                },
                "judge_seconds": played.verdicts.seconds,
            },
        )

    def _no_verdict(self, why: str) -> Outcome:
        return Outcome(
            passed=False,
            value=0.0,
            confidence=0.0,
            failure_mode="unjudgeable",
            summary=why.splitlines()[0],
            evaluator=self.evaluator,
            evaluator_version=self.evaluator_version,
            infrastructure=True,
        )

    # --- known answers --------------------------------------------------------

    def gold(self, item_id: str, *, fallback: bool = False) -> list[Answer]:
        """Return our remediation of a rule, then the content's own if asked for."""
        from harness_forge.environments.scap.gold import write_fix

        rule = self.rules[item_id]
        answers = []
        if fix := write_fix(rule):
            answers.append(Answer(Origin.OURS, fix.writer, _arguments(fix)))
        if fallback and rule.fix:
            words = {"fix_script": rule.fix, "revert_script": "", "description": rule.title}
            answers.append(Answer(Origin.CONTENT, "content", words))
        return answers

    def mutated(self, item_id: str, *, limit: int | None = None) -> list[Answer]:
        """Return our remediation broken in realistic ways; [] where we have none."""
        from harness_forge.environments.scap.gold import write_fix
        from harness_forge.environments.scap.mutate import mutate

        rule = self.rules[item_id]
        fix = write_fix(rule)
        broken = mutate(fix, rule) if fix else []
        return [
            Answer(Origin.MUTATED, mutation.name, _arguments(mutation.fix), mutation.why)
            for mutation in broken[:limit]
        ]

    # --- sandboxes ------------------------------------------------------------

    @contextmanager
    def _sandbox(self) -> Iterator[Sandbox]:
        """Lend a sandbox; one that failed is not lent again."""
        with self._free:
            try:
                box = self._pool.get_nowait()
            except queue.Empty:
                box = Sandbox(self._tools, self._disk, single=self._single)
            try:
                yield box
            except BaseException:
                box.close()
                raise
            self._pool.put(box)


@dataclass(frozen=True)
class _Played:
    """A script that was run, and what was found afterwards."""

    applied: Applied
    faults: set[str]
    verdicts: Verdicts
    effect: str = ""

    def broken(self, guarded: Iterable[str]) -> set[str]:
        """Return the guarded rules that no longer pass, as faults."""
        if self.applied.killed:
            return set()
        return {f"rule:{name}" for name in guarded if not self.verdicts.passed(name)}


def _failure(applied: Applied, target: str | None, faults: Sequence[str]) -> tuple[str | None, str]:
    """Return the failure mode, None for success, and a sentence."""
    if applied.killed:
        return _KILLED[applied.killed], f"the script was killed: limit on {applied.killed}"
    if target != PASS:
        said = f"the rule says {target}" if target else "the scanner cannot read what is left"
        return (
            "target_fails",
            said if applied.rc == 0 else f"{said}; the script exited {applied.rc}",
        )
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        return "guard_broken", f"the rule passes, but broken: {', '.join(faults[:3])}{more}"
    return None, "the rule passes and nothing else got worse"


def _arguments(fix: Fix) -> dict[str, str]:
    return {
        "fix_script": fix.fix_script,
        "revert_script": fix.revert_script,
        "description": fix.description,
    }
