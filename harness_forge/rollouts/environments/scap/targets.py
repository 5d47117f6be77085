"""The names that a fix of a rule can hardly avoid, taken from the rule's own check.

A rule's *targets* are paths, settings, units and packages that its check looks
at. They allow a cheap test of an answer without running it; whether the answer
works is for the scanner to say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold.pattern import sample
from harness_forge.rollouts.environments.scap.oval_records import Entity, OvalObject, ResolvedTest

SHARED = 20
"""A name that more rules than this share says nothing about any of them."""

_ABOUT_THE_MACHINE = ("uname", "family", "interface")
_NAMES = ("name", "unit", "dependency", "mount_point")
_WORD = re.compile(r"[A-Za-z/][\w./-]*\w")
_VALUE = re.compile(r"=\s*[^/\s]\S*")
_SETTING = re.compile(r"([A-Za-z][\w.-]+)=")
_SHORTEST = 3
_RELEASE = re.compile(r"/etc/[\w-]+-release")


def targets(rules: Mapping[str, ScapRule]) -> dict[str, tuple[str, ...]]:
    """Return for each rule the names of which a fix should contain at least one.

    A rule about files has their paths. For any other rule these are, of all
    names in its check (literal paths, names of packages, units and kernel
    settings, words in the text it searches for), the names that the fewest
    rules share: `UsePAM` for a check that also names /etc/ssh/sshd_config.

    Returns:
        Rule id to sorted names; () if a check names nothing of its own. A
        name that ends with a slash is a folder; any file in it will do.
    """
    names = {rule.id: _names(rule) for rule in rules.values()}
    shared = Counter(name for found in names.values() for name in found)
    return {rule.id: _chosen(rule, names[rule.id], shared) for rule in rules.values()}


def _chosen(rule: ScapRule, names: set[str], shared: Counter[str]) -> tuple[str, ...]:
    files = {
        path
        for check in rule.checks
        if check.kind in ("file", "symlink")
        for target in check.targets
        for path in _paths(target)
        if not _RELEASE.fullmatch(path)
    }
    if files:
        return tuple(sorted(files))
    fewest = min((shared[name] for name in names), default=0)
    return tuple(sorted(n for n in names if shared[n] == fewest)) if fewest <= SHARED else ()


def _names(rule: ScapRule) -> set[str]:
    checks = [check for check in rule.checks if check.kind not in _ABOUT_THE_MACHINE]
    found = {name for check in checks for name in _of(check)}
    return {n for n in found if len(n) >= _SHORTEST and not _RELEASE.fullmatch(n)}


def _of(check: ResolvedTest) -> Iterator[str]:
    for target in (*check.targets, *check.sources):
        yield from _paths(target)
        for field in _NAMES:
            yield from _literal(target.get(field))
        yield from _words(target.get("pattern").value)
    for state in check.states:
        yield from _literal(state.get("dependency", Entity()))
        # A kernel argument such as `audit=1` is searched for inside a longer line.
        yield from _SETTING.findall(_sample(state.get("subexpression", Entity()).value))


def _literal(entity: Entity) -> Iterator[str]:
    if entity.operation == "equals":
        yield from entity.values
    else:
        yield from _words(entity.value)


def _words(pattern: str) -> Iterator[str]:
    # A value says how a setting should be, not which one: `none` occurs in many scripts.
    yield from _WORD.findall(_VALUE.sub("=", _sample(pattern)))


def _sample(pattern: str) -> str:
    try:
        return sample(pattern)
    except ValueError:
        return ""


def _paths(target: OvalObject) -> Iterator[str]:
    filepath, folder, name = (target.get(key) for key in ("filepath", "path", "filename"))
    if filepath.operation == "equals":
        yield from filepath.values
    if folder.operation != "equals":
        return
    for path in folder.values:
        place = path.rstrip("/")
        if not name.values:
            yield place or "/"
        elif not place:
            yield name.value  # searched for everywhere: only its name is known
        elif name.operation == "equals":
            yield f"{place}/{name.value}"
        else:
            yield f"{place}/"
