"""The table of Target B by skill and role, from the result files of its conditions alone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness_forge.core.files import write_text
from harness_forge.core.numbers import NONE, interval, percent, points
from harness_forge.evaluation import result_files
from harness_forge.evaluation.bootstrap import paired_interval
from harness_forge.evaluation.statistics import clustered_rate

SKILLS = ("stig", "repair", "reasoning", "tool_calls")
ALL, BASE, ALONE, WITHOUT = "all", "base", "alone", "without"
ROLES = {
    "worker": "passed",
    "architect": "verdict_right",
    "auditor": "verdict_right",
    "reflector": "names_cause",
    "reflector, form": "well_formed",
}
"""Role, and what counts as right of its answers."""
WORKERS = ("few_shot", "nearest", "template", "extractive")
"""Baselines that are asked as workers only."""

ROLES_OF = "roles"
"""Folder of a condition with what was asked in the other roles, by skill."""

Verdicts = Mapping[tuple[str, str], tuple[bool, str]]
"""Skill and question to whether its answer was right, and the item's cluster."""


def without(skill: str) -> str:
    """Return the name of the condition that leaves a skill out."""
    return f"{WITHOUT}_{skill}"


def write_table(folder: Path) -> str:
    """Return the Markdown tables of all finished conditions, and write them to FOLDER/table.md."""
    names = [place.parent.name for place in sorted(folder.glob("conditions/*/done.json"))]
    found = {name: _read(folder / "conditions" / name, "adapter") for name in names}
    base = _of_any([_read(folder / "conditions" / name, BASE) for name in names])
    asked = [_line(s, r, base, found) for s in SKILLS for r in ROLES]
    lines = [*HEAD, *filter(None, asked), ""]
    places = [folder / "conditions" / name for name in names]
    lines += _baselines(places, base) if names else []
    text = "\n".join(lines) + "\n"
    write_text(folder / "table.md", text)
    return text


HEAD = [
    "| skill | role | items (clusters) | base | alone | all four | without it "
    "| all less alone | without it less base |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|",
]


def _line(skill: str, role: str, base: dict, found: dict[str, dict]) -> str:
    """Return the line of a skill's role; '' where no model was asked."""
    own = {
        BASE: base,
        ALONE: found.get(skill, {}),
        ALL: found.get(ALL, {}),
        WITHOUT: found.get(without(skill), {}),
    }
    seen = {key: one.get((skill, role), {}) for key, one in own.items()}
    known = max(seen.values(), key=len)
    if not known:
        return ""
    clusters = len({cluster for _, cluster in known.values()})
    cells = [f"{len(known)} ({clusters})", *map(rate, seen.values())]
    cells += [difference(seen[ALL], seen[ALONE]), difference(seen[WITHOUT], seen[BASE])]
    return f"| {skill} | {role} | {' | '.join(cells)} |"


def rate(verdicts: Verdicts) -> str:
    """Return a share with its interval, drawn by cluster; a dash without items."""
    if not verdicts:
        return NONE
    clusters: dict[str, list[bool]] = defaultdict(list)
    for right, cluster in verdicts.values():
        clusters[cluster].append(right)
    found = clustered_rate([(sum(one), len(one)) for one in clusters.values()])
    return f"{percent(found.estimate)} ({interval(found.low, found.high)})"


def difference(first: Verdicts, second: Verdicts) -> str:
    """Return first - second over the items of both, in points, with its interval by cluster."""
    both = first.keys() & second.keys()
    if not both:
        return NONE
    clusters: dict[str, list[int]] = defaultdict(list)
    for key in both:
        clusters[first[key][1]].append(first[key][0] - second[key][0])
    steps = [one for steps in clusters.values() for one in steps]
    differ = steps.count(1), steps.count(-1)
    found, _ = paired_interval([(sum(one), len(one)) for one in clusters.values()], differ)
    return f"{points(found.estimate)} ({interval(found.low, found.high, points)})"


def _of_any(found: Sequence[dict]) -> dict:
    """Return what several conditions have of a model that all of them asked the same."""
    return {key: verdicts for one in found for key, verdicts in one.items()}


def _baselines(places: Sequence[Path], base: dict) -> list[str]:
    lines = ["| worker | " + " | ".join(SKILLS) + " |", "|---|" + "--:|" * len(SKILLS)]
    read = {label: _of_any([_workers(one, label) for one in places]) for label in WORKERS}
    for label, one in {BASE: base, **read}.items():
        cells = [rate(one.get((skill, "worker"), {})) for skill in SKILLS]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return lines


def _read(place: Path, label: str) -> dict[tuple[str, str], Verdicts]:
    """Return by skill and role what one label of a condition answered."""
    found = _workers(place, label)
    # Rows of suites do not name the cluster of answers of one form; those of the worker do.
    clusters = {key: cluster for one in found.values() for key, (_, cluster) in one.items()}
    for role, metric in ROLES.items():
        suite = role.partition(",")[0]
        paths = place.glob(f"{ROLES_OF}/*/outputs/evaluate/{suite}/{label}.jsonl")
        for row in (json.loads(line) for path in paths for line in path.read_text().splitlines()):
            if metric in row["scores"] and not row.get("infrastructure"):
                key, right = (row["skill"], row["item_id"]), row["scores"][metric] == 1
                cluster = clusters[row["skill"], row["title"]]
                found.setdefault((row["skill"], role), {})[key] = right, cluster
    return found


def _workers(place: Path, label: str) -> dict[tuple[str, str], dict]:
    found: dict[tuple[str, str], dict] = {}
    for one in result_files.read(place / "outputs" / "replay" / f"{label}.jsonl"):
        if not one.infrastructure:
            verdict = one.passed, one.unit
            found.setdefault((one.skill, "worker"), {})[one.skill, one.item_id] = verdict
    return found
