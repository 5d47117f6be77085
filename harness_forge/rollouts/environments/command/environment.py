"""The `command` environment: items of your own, judged by your own commands in the sandbox."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from harness_forge.config.command import CommandConfig
from harness_forge.core.errors import SandboxError
from harness_forge.core.records import Origin, Outcome, TeacherAnswer, ToolCall, WorkItem
from harness_forge.rollouts.environments.command import bench, grouping, items, tool_schema
from harness_forge.rollouts.environments.command.bench import WIPE, Bench, ItemRun
from harness_forge.rollouts.environments.command.items import Item, inside
from harness_forge.rollouts.environments.command.mutations import Mutations
from harness_forge.rollouts.environments.command.programs import find_programs, packages_of_worksets
from harness_forge.rollouts.environments.command.templates import TextTemplate
from harness_forge.rollouts.environments.command.trials import Trial, Trials
from harness_forge.rollouts.environments.sandbox import sandbox
from harness_forge.rollouts.environments.sandbox.sandbox import FAILURES

EVALUATOR = "command"
_OUTPUT_KEPT = 2000  # characters
_PYTHON = "python:"

Progress = Callable[[int, int], None]


class CommandEnvironment:
    """Items, a sandbox to answer them in, and the command that judges. Thread-safe.

    Args:
        skill: the skill's name, for messages.
        home: forge's home; what was tried is kept in `command/` below it.

    Raises:
        ConfigError: settings are missing or cannot be read.
        RunError: an item does not fit them.
        SandboxError: the sandbox's tools are missing.
    """

    evaluator = EVALUATOR

    def __init__(self, skill: str, config: CommandConfig, home: Path) -> None:
        self.tools = (tool_schema.tool(config),)
        self._tool = self.tools[0]["function"]
        said = f"Solve the task. Answer with one call of {self._tool['name']}."
        config = replace(config, system=config.system or said)
        self.skill, self._config = skill, config
        self.argument = tool_schema.main_argument(self._tool)
        tool_schema.check(config, self._tool)
        self._answer = {
            TextTemplate("answer", path): TextTemplate(f"answer.{path}", text)
            for path, text in config.answer.items()
        }
        self._mutations = Mutations(config, self._tool)
        self.items: Mapping[str, Item] = items.load(config, packages_of_worksets(config, home))
        self._programs = find_programs(config, home)
        self._bench = Bench(config, self._programs)
        self._spoken: dict[str, bool] = {}
        digest = hashlib.sha256("".join(one.digest for one in self.items.values()).encode())
        self.content_digest = digest.hexdigest()[:16]
        self._trials = Trials(home.absolute() / "command" / f"{skill}-{self._judging}.jsonl")

    @cached_property
    def _judging(self) -> str:
        """Hash of everything besides the item that a verdict depends on."""
        config = self._config
        words = [config.setup, config.apply, config.judge, config.guard, config.answer]
        words += [config.may_change, asdict(config.limits), self._programs.name]
        words += [bench.REVISION, sandbox.REVISION]
        return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def evaluator_version(self) -> str:
        """Revisions, the programs, and a hash of commands and limits, as one text."""
        revisions = f"command{bench.REVISION}.sandbox{sandbox.REVISION}"
        return f"{revisions}.{self._programs.name}+{self._judging[:8]}"

    @property
    def python_packages(self) -> list[str]:
        """The Python packages that commands import, all of them, as `name==version`."""
        parts = self._programs.packages.items()
        return [f"{n.removeprefix(_PYTHON)}=={v}" for n, v in parts if n.startswith(_PYTHON)]

    def close(self) -> None:
        """End every sandbox."""
        self._bench.close()

    # --- what can be attempted ------------------------------------------------

    def survey(self, progress: Progress | None = None) -> list[WorkItem]:
        """Try every item in each way and return all as work items; kept, so it is fast again.

        Raises:
            SandboxError: the judge says one thing and then another of the same files.
        """
        self.trials(progress=progress)
        self.demand_same()
        return [self._work_item(item) for item in self.items.values()]

    def trials(
        self, names: Sequence[str] | None = None, progress: Progress | None = None
    ) -> dict[str, Trial]:
        """Return what was found of the named items, or of all; what is not known is tried."""
        chosen = [self.items[name] for name in names or self.items]
        self._trials.measure(
            {self._key(item): lambda item=item: self._try(item) for item in chosen}, progress
        )
        return {item.id: self._trials[self._key(item)] for item in chosen}

    def demand_same(self) -> None:
        """Refuse a judge that differs.

        Raises:
            SandboxError: with both verdicts.
        """
        differing = {
            item.id: self._trials[self._key(item)].differs
            for item in self.items.values()
            if self._key(item) in self._trials and self._trials[self._key(item)].differs
        }
        if differing:
            name = next(iter(differing))
            more = f" (and {len(differing) - 1} items more)" if len(differing) > 1 else ""
            raise SandboxError(
                f"skill {self.skill}, item {name}",
                f"the judge differs on the same files: {differing[name]}{more}",
                "take chance, time and order out of the judge; then ask again",
            )

    def shortfall(self, work_items: Sequence[WorkItem]) -> list[str]:
        """Return a line for each reason for which items are left out."""
        reasons: dict[str, list[str]] = {}
        for item in work_items:
            if not item.full_cycle:
                reasons.setdefault(str(item.facts.get("left_out")), []).append(item.item_id)
        return [
            f"{len(names)} of {len(work_items)} left out, {', '.join(names[:3])}"
            f"{' …' if len(names) > 3 else ''}: {reason}"
            for reason, names in reasons.items()
        ]

    def _key(self, item: Item) -> str:
        return f"{item.digest}-{grouping.digest(dict(item.gold))}"

    def _try(self, item: Item) -> Trial:
        by_line = False

        def play(answer: Any) -> ItemRun:
            played = self._bench.play(item, answer)
            return played.without_pass() if by_line else played

        untouched, gold = play(None), None
        if item.gold:
            gold = play(self._written(item, item.gold))
        if by_line := _speaks(untouched, gold):
            untouched, gold = untouched.without_pass(), gold and gold.without_pass()
        empty = play(self._written(item, tool_schema.empty(self._tool)))
        again = play(None).word
        gold_again = play(self._written(item, item.gold)).word if gold else ""
        return Trial(
            untouched=untouched.word,
            empty=empty.word,
            wiped=play(WIPE).word,
            gold=gold.word if gold else "",
            again=(again, gold_again),
            other=play(self._written(item, other)).word if (other := self._other(item)) else "",
            said=_reason(gold) if gold else "",
            seconds=round((gold or empty).seconds, 3),
            by_line=by_line,
        )

    def _by_line(self, item: Item) -> bool:
        """Return whether the judge speaks in lines of this item, tried where it is not known."""
        key = self._key(item)
        if key in self._trials:
            return self._trials[key].by_line
        if key not in self._spoken:
            gold = self._bench.play(item, self._written(item, item.gold)) if item.gold else None
            self._spoken[key] = _speaks(self._bench.play(item, None), gold)
        return self._spoken[key]

    def _other(self, item: Item) -> Mapping[str, Any]:
        """Return the next item's known answer, {} if it is the same."""
        other = self.items[self._next[item.id]].gold
        return other if item.gold and other != item.gold else {}

    @cached_property
    def _next(self) -> dict[str, str]:
        names = list(self.items)
        return dict(zip(names, [*names[1:], names[0]], strict=True))

    def _work_item(self, item: Item) -> WorkItem:
        trial = self._trials[self._key(item)]
        facts = {
            "asked": {"system": item.system, "question": item.prompt},
            "seconds": trial.seconds,
        }
        if trial.reason:
            facts["left_out"] = trial.reason
        return WorkItem(
            item_id=item.id,
            title=item.title,
            severity="",
            family=item.family,
            group_key=self._groups[item.id],
            full_cycle=not trial.reason,
            digest=item.digest,
            facts=facts,
            cluster=self._clusters.get(item.id, ""),
        )

    @cached_property
    def _groups(self) -> dict[str, str]:
        return grouping.groups(self.items)

    @cached_property
    def _clusters(self) -> dict[str, str]:
        return grouping.item_clusters(self.items)

    # --- attempts -------------------------------------------------------------

    def judge_call(self, item_id: str, call: ToolCall) -> Outcome:
        """Lay the item out, carry the call out, and judge the result.

        Raises:
            SandboxError: no such item.
        """
        if item_id not in self.items:
            raise SandboxError(f"item {item_id}", f"skill {self.skill} has no such item")
        item = self.items[item_id]
        try:
            played = self._bench.play(item, self._written(item, call.arguments))
            if played.by_exit_code and self._by_line(item):
                played = played.without_pass()
            if played.verdict is None and not (played.applied and played.applied.killed):
                return self._unjudged(item, played)
        except SandboxError as error:
            return self._outcome("unjudgeable", str(error), infrastructure=True)
        return self._judged(played)

    def _judged(self, played: ItemRun) -> Outcome:
        signals = {"faults": list(played.faults), "output": played.output[-_OUTPUT_KEPT:]}
        if played.applied:
            signals["apply"] = {"rc": played.applied.rc, "killed": played.applied.killed}
        if played.applied and played.applied.killed:
            what = f"the answer was killed: limit on {played.applied.killed}"
            mode = FAILURES[played.applied.killed]
            return self._outcome(mode, what, seconds=played.seconds, signals=signals)
        verdict = played.verdict
        mode, value, said = None, verdict.value, verdict.reason or "the judge says that it passes"
        if not verdict.passed:
            mode, said = "target_fails", verdict.reason or "the judge says that it fails"
        elif played.faults:
            more = f" and {len(played.faults) - 3} more" if len(played.faults) > 3 else ""
            said = f"it passes, but broken: {', '.join(played.faults[:3])}{more}"
            mode = "guard_broken"
        if played.faults:  # as near as it came, it broke something else
            value = 0.0
        return self._outcome(
            mode,
            said.splitlines()[0] if said else said,
            value=value,
            confidence=verdict.confidence,
            seconds=played.seconds,
            signals=signals,
        )

    def _unjudged(self, item: Item, played: ItemRun) -> Outcome:
        """Return the answer's failure, or no verdict where the item cannot be judged untouched."""
        untouched = self._bench.play(item, None)
        if played.setup or untouched.verdict is None:
            what = f"no verdict, nor on the untouched item: {untouched.word or played.word}"
            return self._outcome("unjudgeable", what, infrastructure=True)
        signals = {"output": played.output[-_OUTPUT_KEPT:]}
        mode = FAILURES[played.killed] if played.killed else "unjudgeable"
        return self._outcome(mode, played.silence, signals=signals)

    def _outcome(
        self,
        mode: str | None,
        summary: str,
        *,
        value: float = 0.0,
        confidence: float = 1.0,
        infrastructure: bool = False,
        seconds: float = 0.0,
        signals: Mapping[str, Any] | None = None,
    ) -> Outcome:
        return Outcome(
            passed=mode is None,
            value=value,
            confidence=0.0 if infrastructure else confidence,
            failure_mode=mode,
            summary=summary,
            evaluator=EVALUATOR,
            evaluator_version=self.evaluator_version,
            infrastructure=infrastructure,
            seconds=round(seconds, 3),
            signals=signals or {},
        )

    def _written(self, item: Item, arguments: Mapping[str, Any]) -> bench.AnswerFiles:
        # An argument that is left out is empty, whatever fields the item has.
        scope = {**item.row, **tool_schema.empty(self._tool), **arguments}
        return bench.AnswerFiles(
            {
                inside("answer", path.render(item.row, item.place), item.place): text.render(
                    scope, item.place
                )
                for path, text in self._answer.items()
            }
        )

    # --- known answers --------------------------------------------------------

    def gold(self, item_id: str, *, fallback: bool = False) -> list[TeacherAnswer]:
        """Return the answer that is known to pass; [] if none is."""
        gold = self.items[item_id].gold
        return [TeacherAnswer(Origin.OURS, "gold", gold)] if gold else []

    def mutated(self, item_id: str, *, limit: int) -> list[TeacherAnswer]:
        """Return up to `limit` answers broken as `mutations` says, each different from gold."""
        return self._mutations.of(self.items[item_id], limit)


def _speaks(untouched: ItemRun, gold: ItemRun | None) -> bool:
    """Return whether the judge says a pass in a line, so that exit code 0 alone is none.

    Without a known answer a failure in a line must tell: a judge that is silent when it passes
    cannot be told from one that the answer ended.
    """
    return untouched.spoke if gold is None else untouched.by_line or gold.by_line


def _reason(played: ItemRun) -> str:
    """Return what stood in the way of an answer that should pass, '' where nothing did."""
    if played.faults:
        return played.faults[0]
    if played.passed or played.verdict is None:
        return ""
    return (played.verdict.reason.splitlines() or [""])[0][:150]
