"""The `scap` environment: attempt a rule on a disposable root, and let OpenSCAP judge.

What the rest of the program uses: the rules, `survey`, which says which rules
can be attempted, and `attempt`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from harness_forge.config.scap import ScapConfig
from harness_forge.core.errors import ConfigError, SandboxError
from harness_forge.core.records import Outcome, TeacherAnswer, ToolCall, WorkItem
from harness_forge.rollouts.environments.sandbox import sandbox, tools
from harness_forge.rollouts.environments.sandbox.pool import cores
from harness_forge.rollouts.environments.sandbox.sandbox import Limits
from harness_forge.rollouts.environments.scap import (
    guard,
    known,
    packages,
    root,
    slim,
    untouched_root,
)
from harness_forge.rollouts.environments.scap.content import ScapRule, content_version, load_rules
from harness_forge.rollouts.environments.scap.grouping import (
    answer_clusters,
    group_keys,
    our_answers,
)
from harness_forge.rollouts.environments.scap.judge import FAIL, PASS
from harness_forge.rollouts.environments.scap.known import Versions
from harness_forge.rollouts.environments.scap.lab import Lab, ScriptRun
from harness_forge.rollouts.environments.scap.outcome import EVALUATOR, OutcomeWriter
from harness_forge.rollouts.environments.scap.slim import SlimContent
from harness_forge.rollouts.environments.scap.untouched_root import (
    Reference,
    UntouchedRoot,
    choose_guard,
    guards,
)

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
"""The worker's only tool."""

Progress = Callable[[int, int], None]
_SCRIPT_LIMITS = Limits()


class ScapEnvironment:
    """Rules, a disposable root to attempt them on, and their evaluator.

    Thread-safe: each attempt takes its own sandbox from a pool with one sandbox
    for each core.

    Args:
        skill: the skill's name, for messages.
        home: forge's home; caches are in `scap/` below it.
        single: map one uid even if more are available. Ownership rules then
            cannot fail, so fewer rules have the full cycle.
        limits: for one script.
    """

    evaluator = EVALUATOR
    tools = TOOLS
    argument = "fix_script"

    def __init__(
        self,
        skill: str,
        config: ScapConfig,
        home: Path,
        *,
        single: bool = False,
        limits: Limits = _SCRIPT_LIMITS,
    ) -> None:
        self.skill, self._config, self._profile = skill, config, config.profile
        self._tools = tools.find_tools(home)
        self._disk = root.disk(config.platform)
        datastream = self._datastream = packages.find_datastream(config, home)
        data = datastream.read_bytes()
        self.content_digest = hashlib.sha256(data).hexdigest()[:16]
        self.content_version = content_version(data)
        self._cache = home.absolute() / "scap" / self.content_digest
        self.rules: Mapping[str, ScapRule] = load_rules(
            datastream, config.profile, families=config.families, cache_dir=self._cache
        )
        self.content = SlimContent.open(datastream, config.profile, self._cache)
        self._lab = Lab(self._tools, self._disk, self.content, limits, single=single)
        self._measuring = threading.Lock()

    @cached_property
    def _offered(self) -> dict[str, ScapRule]:
        """The skill's rules. Guards are chosen among all rules of the profile."""
        belongs, others = known.rules_of(self._config), self._others()
        found = {
            rule_id: rule
            for rule_id, rule in self.rules.items()
            if belongs(rule_id) and rule_id not in others
        }
        if not found and others:
            raise ConfigError(
                "skill.scap.without",
                f"no rule of profile {self._profile} is left without those of "
                + ", ".join(self._config.without),
                "name fewer profiles",
            )
        if not found:
            raise ConfigError(
                "skill.scap.only",
                f"no rule of profile {self._profile} matches {self._config.only!r}",
                "`forge env table` lists the families; rule ids are as in sshd_disable_root_login",
            )
        return found

    def _others(self) -> set[str]:
        """Return the rules of the profiles that the skill is made without."""
        return {
            rule_id
            for profile in self._config.without
            for rule_id in load_rules(self._datastream, profile, cache_dir=self._cache)
        }

    @cached_property
    def evaluator_version(self) -> str:
        """The versions of scanner, sandbox, guard and tools, as one text."""
        revisions = f"sandbox{sandbox.REVISION}.guard{guard.REVISION}.slim{slim.REVISION}"
        return f"{self.versions.scanner}+{revisions}.{self._tools.name}"

    @cached_property
    def versions(self) -> Versions:
        """The versions that the survey's counts belong to."""
        scanner = tools.scanner_version(self._tools)
        return Versions(self.content_version, scanner, self.multi_uid)

    @property
    def multi_uid(self) -> bool:
        """Whether files of the root can belong to several users."""
        return self._lab.multi_uid

    def close(self) -> None:
        """End every sandbox."""
        self._lab.close()

    # --- what can be attempted ------------------------------------------------

    def survey(self, progress: Progress | None = None) -> list[WorkItem]:
        """Run every rule's own remediation and return all rules as work items.

        Measured once for each content, root, tools, sandbox and uid map; later calls
        read the cache. `facts` holds the verdicts before and after.

        Args:
            progress: called with (done, total) after each rule.
        """
        untouched = self._untouched
        missing = [rule_id for rule_id in self._offered if rule_id not in untouched.references]
        if missing:
            self._measure(missing, progress)
            untouched.save(self._untouched_file)
        return self._items(untouched)

    def surveyed(self) -> list[WorkItem] | None:
        """Return the result of `survey` from the cache; None if it is not there."""
        untouched = UntouchedRoot.load(self._untouched_file)
        whole = untouched is not None and self._offered.keys() <= untouched.references.keys()
        return self._items(untouched) if whole else None

    def shortfall(self, items: Sequence[WorkItem]) -> list[str]:
        """Return one line for each way in which a survey falls short of the known counts."""
        return known.shortfall(items, self._config, self.versions)

    def _items(self, untouched: UntouchedRoot) -> list[WorkItem]:
        references = untouched.references
        effects = {rule_id: references[rule_id].effect for rule_id in self._offered}
        keys = group_keys(self._offered, effects, self._answers)
        return [
            _item(rule, references[rule.id], keys[rule.id], self._clusters.get(rule.id, ""))
            for rule in self._offered.values()
        ]

    def _measure(self, rule_ids: Sequence[str], progress: Progress | None) -> None:
        """Measure the references of `rule_ids` on all cores; Ctrl-C stops it at once."""
        with ThreadPoolExecutor(cores()) as pool:
            try:
                for done, _ in enumerate(pool.map(self._reference, rule_ids), 1):
                    if progress:
                        progress(done, len(rule_ids))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    @property
    def _untouched_file(self) -> Path:
        words = (
            str(untouched_root.REVISION),
            root.digest(self._disk),
            self.evaluator_version,
            self._profile,
            "multi" if self.multi_uid else "single",
        )
        made = hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]
        return self._cache / f"survey-{made}.json"

    @cached_property
    def _untouched(self) -> UntouchedRoot:
        with self._measuring:
            return UntouchedRoot.load(self._untouched_file) or self._measured_untouched()

    @cached_property
    def _answers(self) -> dict[str, str]:
        return our_answers(self.rules)

    @cached_property
    def _clusters(self) -> dict[str, str]:
        # Of all rules of the profile, so that a skill of some of them has the same clusters.
        return answer_clusters(self.rules, self._answers)

    @cached_property
    def _guards(self) -> dict[str, tuple[str, ...]]:
        return guards(self._untouched, self.rules)

    def _measured_untouched(self) -> UntouchedRoot:
        entries, before, wiped = self._lab.untouched()
        untouched = UntouchedRoot(
            entries, before.by_rule, choose_guard(before.by_rule, wiped.by_rule)
        )
        untouched.save(self._untouched_file)
        return untouched

    def _reference(self, rule_id: str) -> Reference:
        """Return the effect of the rule's own remediation; measured at most once."""
        untouched = self._untouched
        if rule_id not in untouched.references:
            untouched.references[rule_id] = self._measured_reference(rule_id, untouched)
        return untouched.references[rule_id]

    def _measured_reference(self, rule_id: str, untouched: UntouchedRoot) -> Reference:
        rule, before = self.rules[rule_id], untouched.verdicts.get(rule_id)
        if before != FAIL or not rule.fix:
            return Reference(before)
        asked = [rule_id, *self._guards[rule_id]]
        played = self._lab.play(rule.fix, asked, untouched.entries)
        # The machine may be busy, and what is found is kept for good.
        if played.applied.killed or played.verdicts.unjudged:
            played = self._lab.play(rule.fix, asked, untouched.entries, wait=True)
        after = played.verdicts.by_rule.get(rule_id)
        faults = sorted(played.faults | played.broken(self._guards[rule_id]))
        return Reference(
            before=before,
            after=after,
            faults=tuple(faults),
            killed=played.applied.killed,
            full_cycle=after == PASS and not any(map(self._never_allowed, faults)),
            effect=played.effect,
            seconds=round(played.applied.seconds + played.verdicts.seconds, 3),
        )

    def _never_allowed(self, fault: str) -> bool:
        return guard.never_allowed(fault, self._disk.protected)

    # --- attempts -------------------------------------------------------------

    def judge_call(self, item_id: str, call: ToolCall) -> Outcome:
        """Run the call's fix script, as `attempt` does."""
        return self.attempt(item_id, str(call.arguments[self.argument]))

    def attempt(self, item_id: str, script: str) -> Outcome:
        """Reset the root, run `script` on it, and judge the result.

        Raises:
            SandboxError: no such rule, or the sandbox does not start.
        """
        return self.examine(script, [item_id])[item_id]

    def examine(
        self, script: str, item_ids: Sequence[str] | None = None, *, protect: bool = True
    ) -> dict[str, Outcome]:
        """Run `script` once and judge it as an attempt at each of `item_ids`.

        Args:
            item_ids: None for every rule with a check.
            protect: False makes the package database writable, to test that the
                guard notices changes to it.
        """
        names = list(self.content.rule_ids if item_ids is None else item_ids)
        for name in names:
            self._check_known(name)
        references = {name: self._reference(name) for name in names}
        asked = [*names, *(other for name in names for other in self._guards[name])]
        writer = OutcomeWriter(self.evaluator_version)
        try:
            entries, whole = self._untouched.entries, item_ids is None
            played = self._lab.play(script, asked, entries, protect=protect, wait=whole)
        except SandboxError as error:
            outcome = writer.unjudged(str(error), infrastructure=not self._lab.works())
            return dict.fromkeys(names, outcome)
        return {
            name: writer.judged(name, played, self._faults(name, references[name], played))
            for name in names
        }

    def changes(self, *scripts: str) -> dict[str, dict | None]:
        """Return the entries that differ from the untouched root after `scripts`; None: deleted.

        Nothing is judged: this shows whether a revert script undoes its fix.
        """
        return self._lab.changes(scripts)

    def _faults(self, rule_id: str, reference: Reference, played: ScriptRun) -> list[str]:
        """Return the faults, less those that the reference fix may cause to this rule's files."""
        allowed = [fault for fault in reference.faults if not self._never_allowed(fault)]
        return guard.beyond(played.faults | played.broken(self._guards[rule_id]), allowed)

    def _check_known(self, rule_id: str) -> None:
        if rule_id not in self.rules or rule_id not in self.content.rule_ids:
            raise SandboxError(
                rule_id,
                "no such rule, or one without an automatic check",
                "`forge env table` lists the families",
            )

    # --- known answers --------------------------------------------------------

    def gold(self, item_id: str, *, fallback: bool = False) -> list[TeacherAnswer]:
        """Return our remediation of a rule, then the content's own if `fallback` is set."""
        from harness_forge.rollouts.environments.scap import teacher

        return teacher.gold(self.rules[item_id], fallback)

    def mutated(self, item_id: str, *, limit: int) -> list[TeacherAnswer]:
        """Return our remediation with realistic mistakes; [] if we have none."""
        from harness_forge.rollouts.environments.scap import teacher

        return teacher.mutated(self.rules[item_id], limit)


def _item(rule: ScapRule, reference: Reference, key: str, cluster: str) -> WorkItem:
    return WorkItem(
        item_id=rule.id,
        title=rule.title,
        severity=rule.severity,
        family=rule.family,
        group_key=key,
        full_cycle=reference.full_cycle,
        digest=rule.digest,
        facts={
            "description": rule.description,
            "question": rule.question,
            "before": reference.before,
            "after": reference.after,
            "reference_faults": list(reference.faults),
            "reference_seconds": reference.seconds,
            "content_fix_chars": len(rule.fix),
        },
        cluster=cluster,
    )
