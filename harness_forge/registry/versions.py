"""Version names of champions: name-major.minor.patch-base:size, as in 8gent.

The first champion of a skill is 1.0.0. The next one changes, against the current:

patch   if it gains less than 5 points on everything that both were measured on
minor   if it gains 5 or more on one of them, or a suite or category passes
        that passed for no earlier champion
major   on another base model, or another format of adapter

Numbers are not reused: after a rollback the next one follows the highest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness_forge.config.promote import Bump, VersionConfig
from harness_forge.core.numbers import points
from harness_forge.registry.champion import ChampionTerm

Facts = Mapping[str, Any]
Number = tuple[int, int, int]

GRAMMAR = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9._-]*?)-(?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+)"
    r"(-(?P<base>[a-z]\d+(\.\d+)*):(?P<size>\d+(\.\d+)?[mbt]))?"
)
"""Of a version name; the last two segments are left out if the base model's name lacks them."""

FIRST: Number = (1, 0, 0)


@dataclass(frozen=True)
class VersionInputs:
    """What a version is derived from.

    Args:
        name: of the adapter.
        base: name and digest of the base model.
        form: of the adapter's files, such as LORA.
        scores: by suite, category or replay part, in shares of 1.
        passing: those of `scores` that are suites or categories.
    """

    name: str
    base: Facts
    form: str
    scores: Mapping[str, float]
    passing: Sequence[str]

    def facts(self) -> dict[str, Any]:
        """Return what the ledger stores of it, for the next version."""
        return {
            "base": dict(self.base),
            "form": self.form,
            "scores": dict(self.scores),
            "passing": list(self.passing),
        }


def version(
    config: VersionConfig,
    made: VersionInputs,
    stack: Sequence[ChampionTerm],
    past_champions: Sequence[ChampionTerm],
) -> dict[str, Any]:
    """Return number, name, bump and why of a candidate that is promoted.

    Args:
        stack: the current champion is the last.
        past_champions: all there ever were; their numbers are taken.
    """
    if not past_champions:
        bump, why, number = "first", "the first champion of this skill and role", FIRST
    else:
        before = (stack or past_champions)[-1]
        bump, why = _bump(config, made, before, past_champions)
        number = _after(numbers(past_champions), bump)
    suffix = _suffix(config, str(made.base.get("name", "")))
    text = ".".join(map(str, number))
    name = f"{(config.name or made.name).lower()}-{text}{suffix}"
    return {"number": text, "name": name, "bump": bump, "why": why}


def numbers(past_champions: Sequence[ChampionTerm]) -> list[Number]:
    """Return the number of each; champions from before versions count as patches of 1.0."""
    found: list[Number] = []
    for term in past_champions:
        fields = term.facts.get("version")
        patch = (1, 0, len(found))
        found.append(tuple(map(int, fields["number"].split("."))) if fields else patch)
    return found


def _after(taken: Sequence[Number], bump: str) -> Number:
    major, minor, patch = max(taken)
    if bump == Bump.major.value:
        return major + 1, 0, 0
    return (major, minor + 1, 0) if bump == Bump.minor.value else (major, minor, patch + 1)


def _bump(
    config: VersionConfig,
    made: VersionInputs,
    before: ChampionTerm,
    past_champions: Sequence[ChampionTerm],
) -> tuple[str, str]:
    if config.bump is not Bump.auto:
        return config.bump.value, "as promote.version.bump says"
    old = (before.facts.get("version") or {}).get("made") or {}
    if not old:
        return Bump.patch.value, f"{before.candidate.label} was promoted before versions were kept"
    if old["base"].get("digest") != made.base.get("digest"):
        names = old["base"].get("name"), made.base.get("name")
        return Bump.major.value, f"base model {names[1]}, before it {names[0]}"
    if old["form"] != made.form:
        return Bump.major.value, f"adapter format {made.form}, before it {old['form']}"
    return _minor_or_patch(config, made, old, past_champions)


def _minor_or_patch(
    config: VersionConfig, made: VersionInputs, old: Facts, past_champions: Sequence[ChampionTerm]
) -> tuple[str, str]:
    common = [key for key in made.scores if key in old["scores"]]
    gains = {key: made.scores[key] - old["scores"][key] for key in common}
    most = max(gains, key=gains.__getitem__, default=None)
    if most is not None and gains[most] >= config.minor_at - 1e-12:
        return Bump.minor.value, f"{points(gains[most])} points on {most}"
    passed = {
        key
        for term in past_champions
        for key, value in _scores(term).items()
        if value >= config.passes
    }
    new = [key for key in made.passing if made.scores[key] >= config.passes and key not in passed]
    if new:
        return Bump.minor.value, f"{new[0]} passes for the first time"
    fields = f"at most {points(gains[most])} points, on {most}" if most else "nothing in common"
    return Bump.patch.value, fields


def _scores(term: ChampionTerm) -> Mapping[str, float]:
    return ((term.facts.get("version") or {}).get("made") or {}).get("scores") or {}


def _suffix(config: VersionConfig, base: str) -> str:
    """Return -base:size, '' if the model's name lacks one of them."""
    word = base.rpartition("/")[2].lower()
    size = re.search(r"(?<![\d.])(\d+(?:\.\d+)?[mbt])(?![a-z0-9])", word)
    rest = word.replace(size[0], "") if size else word
    family = re.match(r"([a-z])[a-z]*[-_ ]?(\d+(?:\.\d+)*)", rest)
    segments = (
        config.base or (f"{family[1]}{family[2]}" if family else ""),
        config.size or (size[1] if size else ""),
    )
    return f"-{segments[0]}:{segments[1]}" if all(segments) else ""
