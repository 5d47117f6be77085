"""The slot that an adapter may be champion of, and its version there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import EvalError
from harness_forge.evaluation import result_files
from harness_forge.promotion.files import Files, kept_results
from harness_forge.promotion.rules import scores
from harness_forge.promotion.rules.evidence import Evidence, MissingEvidence
from harness_forge.registry import champion, versions
from harness_forge.registry.adapters.package import CONFIG, Adapter

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Placement:
    """The skill and role that an adapter is for.

    Args:
        skill: of its work items; several are joined by +, '' is unknown.
        role: of its turns; likewise.
        target: a for one skill's one role, b for more.
        misplaced: why it may not be champion where it was measured; '' if it may.
    """

    skill: str
    role: str
    target: str
    misplaced: str = ""

    def slot(self, lines: Sequence[Mapping[str, Any]], name: str) -> str:
        """Return the slot; if the skill is unknown, the slot of its name."""
        if self.skill:
            return champion.slot_name(self.skill, self.role)
        found = [
            own
            for line, own in zip(lines, champion.slots_of(lines), strict=True)
            if line["candidate"]["name"] == name
        ]
        return found[-1] if found else name

    def facts(self) -> dict[str, Any]:
        """Return its fields of a ledger line; none if the skill is unknown."""
        if not self.skill:
            return {}
        return {"skill": self.skill, "role": self.role, "target": self.target}


def with_adopted_lines(
    place: Placement, lines: Sequence[Line], name: str, home: Path
) -> tuple[Sequence[Line], dict[str, Any]]:
    """Return the lines, with skill and role filled in where old lines have none.

    Old lines with the candidate's name belong to its slot, unless the kept replay of
    their champion is of another skill. The second value is written into the new line,
    so that later readers decide the same.
    """
    old = champion.without_skill(lines, name) if place.skill else []
    if not old:
        return lines, {}
    stack = champion.champion_stack(lines, name)
    kept = _skills(kept_results(home, stack[-1].candidate)) if stack else set()
    if kept and "+".join(sorted(kept)) != place.skill:
        return lines, {"adopts": False}
    known = {id(line) for line in old}
    return [{**line, **place.facts()} if id(line) in known else line for line in lines], {}


def placement_of(config: ForgeConfig, files: Files, adapter: Adapter) -> Placement:
    """Return the placement of an adapter: from its lineage, else from its measurements."""
    fields = adapter.lineage.get("dataset") or {}
    skills, roles = set(fields.get("skills") or ()), set(fields.get("roles") or ())
    measured = _skills(files.results)
    role = (roles.pop() if len(roles) == 1 else "all") if roles else config.role.name
    target = "b" if role == "all" or len(skills or measured) > 1 else "a"
    strange = sorted(measured - skills) if skills else []
    why = ""
    if strange:
        why = f"trained for {', '.join(sorted(skills))}, measured on {', '.join(strange)}"
    return Placement("+".join(sorted(skills or measured)), role, target, why)


def _skills(file: Path) -> set[str]:
    """Return the skills of a file of results; none if it cannot be read."""
    if not file.is_file():
        return set()
    try:
        return {result.skill for result in result_files.read(file)}
    except EvalError:
        return set()


def version(
    config: ForgeConfig, adapter: Adapter, evidence: Evidence, lines: Sequence[Any], slot: str
) -> dict[str, Any]:
    """Return the version of a promoted candidate; a past champion keeps its own."""
    stack, past_champions = (
        champion.champion_stack(lines, slot),
        champion.past_champions(lines, slot),
    )
    candidate = adapter.identity
    for term in past_champions:
        if term.candidate == candidate and term.facts.get("version"):
            return term.facts["version"]
    before = [term for term in stack if term.candidate != candidate]
    made = versions.VersionInputs(
        name=adapter.name,
        base={key: (adapter.lineage.get("base") or {}).get(key, "") for key in ("name", "digest")},
        form=_form(adapter),
        **_scores(evidence),
    )
    fields = versions.version(config.promote.version, made, before, past_champions)
    return {**fields, "made": made.facts()}


def _form(adapter: Adapter) -> str:
    """Return the format of the adapter's files: rank and modules may change, this may not."""
    adapter_config = json.loads((adapter.folder / CONFIG).read_text(encoding="utf-8"))
    form = str(adapter_config.get("peft_type") or "LORA").upper()
    return f"{form}+DORA" if adapter_config.get("use_dora") else form


def _scores(evidence: Evidence) -> dict[str, Any]:
    """Return the candidate's scores, and which of them may count as passed domains."""
    found: dict[str, float] = {}
    evaluate, replay = evidence.input("evaluate"), evidence.input("replay")
    if not isinstance(evaluate, MissingEvidence):
        for name, report in scores.suites(evaluate).items():
            metric = next(iter(scores.metrics(report)), "")
            for category in ["", *scores.categories(report)]:
                one = scores.score(report, "adapter", metric, "all", category)
                if not isinstance(one, MissingEvidence):
                    found[f"{name}/{category or metric}"] = round(one.value, 6)
    passing = list(found)
    if not isinstance(replay, MissingEvidence):
        for part in (replay.get("policies") or {}).get("adapter") or {}:
            one = evidence.rate(part)
            if not isinstance(one, MissingEvidence):
                found[f"replay/{part}"] = round(one["rate"], 6)
    return {"scores": found, "passing": passing}
