"""The `scap` environment: attempt a rule on a disposable root, and let OpenSCAP judge.

What the rest of the program uses: the rules, `survey`, which says which rules
can be attempted, and `attempt`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from harness_forge.config.scap import ScapConfig
from harness_forge.core.errors import ConfigError, SandboxError
from harness_forge.core.records import Outcome, TeacherAnswer, ToolCall, WorkItem
from harness_forge.rollouts.environments.sandbox import sandbox, tools
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
from harness_forge.rollouts.environments.scap.known import Versions
from harness_forge.rollouts.environments.scap.lab import Lab, ScriptRun
from harness_forge.rollouts.environments.scap.outcome import EVALUATOR, OutcomeWriter
from harness_forge.rollouts.environments.scap.references import Progress, References
from harness_forge.rollouts.environments.scap.slim import SlimContent
from harness_forge.rollouts.environments.scap.untouched_root import (
    Reference,
    UntouchedRoot,
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
        self._references.measure(self._offered, progress)
        return self._items(self._references.untouched)

    def surveyed(self) -> list[WorkItem] | None:
        """Return the result of `survey` from the cache; None if it is not there."""
        untouched = UntouchedRoot.load(self._references.file)
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

    @cached_property
    def _references(self) -> References:
        words = (
            str(untouched_root.REVISION),
            root.digest(self._disk),
            self.evaluator_version,
            self._profile,
            "multi" if self.multi_uid else "single",
        )
        made = hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]
        file = self._cache / f"survey-{made}.json"
        return References(self._lab, self.rules, file, self._disk.protected)

    @cached_property
    def _answers(self) -> dict[str, str]:
        return our_answers(self.rules)

    @cached_property
    def _clusters(self) -> dict[str, str]:
        # Of all rules of the profile, so that a skill of some of them has the same clusters.
        return answer_clusters(self.rules, self._answers)

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
        references = {name: self._references.of(name) for name in names}
        asked = [*names, *(other for name in names for other in self._references.guards[name])]
        writer = OutcomeWriter(self.evaluator_version)
        try:
            entries, whole = self._references.untouched.entries, item_ids is None
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
        allowed = [fault for fault in reference.faults if not self._references.never_allowed(fault)]
        return guard.beyond(
            played.faults | played.broken(self._references.guards[rule_id]), allowed
        )

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
