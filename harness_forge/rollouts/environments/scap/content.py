"""Read the rules of a profile from a SCAP datastream.

Reads the XCCDF part: which rules a profile selects, which values it refines,
and each rule's own remediation with those values filled in. `oval` reads the
OVAL part. Parsing takes about a second, so the result can be cached; the cache
key is the datastream's bytes and this parser's revision.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import SandboxError
from harness_forge.core.families import FamilyTable
from harness_forge.core.hints import did_you_mean
from harness_forge.rollouts.environments.scap import prose
from harness_forge.rollouts.environments.scap.oval import OvalIndex
from harness_forge.rollouts.environments.scap.oval_records import Entity, OvalObject, ResolvedTest

if TYPE_CHECKING:
    from lxml.etree import _Element

REVISION = 3
"""Increase it when the same datastream would be read differently."""

_X = "{http://checklists.nist.gov/xccdf/1.2}"
_BASH = "urn:xccdf:fix:script:sh"
_VERSION = re.compile(rb"<(?:[\w.-]+:)?version update=[^>]*>\s*([\w.-]+)\s*<")
_OVAL = "http://oval.mitre.org/XMLSchema/oval-definitions-5"


@dataclass(frozen=True, slots=True)
class ScapRule:
    """One rule, with the values of the profile.

    Args:
        id: without prefix, such as `sshd_set_keepalive`.
        family: from the skill's family table; 'other' if nothing matches.
        platforms: where it applies, in the content's names; '' if it has no limit.
        fix: the content's own bash remediation, values filled in; '' if none.
        checks: the closure of its OVAL check; () if it is checked by hand.
        digest: hash of `checks`, without the wording and ids of tests.
        description: what it wants, in the content's words; question: how a person
            checks it. Neither holds the remediation; '' if the content says nothing.
    """

    id: str
    title: str
    severity: str
    family: str
    platforms: tuple[str, ...]
    fix: str
    checks: tuple[ResolvedTest, ...]
    digest: str
    description: str = ""
    question: str = ""


def load_rules(
    datastream: Path,
    profile: str,
    *,
    families: Mapping[str, str] | None = None,
    cache_dir: Path | None = None,
) -> dict[str, ScapRule]:
    """Return the rules that `profile` selects, in the datastream's order.

    Args:
        profile: the profile's id, or its last word such as `stig`.
        families: regular expression at the start of a rule id -> family; the
            first that matches wins.
        cache_dir: where to keep the parsed rules; None parses every time.

    Raises:
        SandboxError: no such file, no XML, or no such profile.
    """
    try:
        data = datastream.read_bytes()
    except OSError as error:
        raise SandboxError(
            str(datastream),
            f"cannot read the SCAP content: {error.strerror}",
            "install the SCAP content, or set skill.datastream",
        ) from error
    cache = _cache_file(cache_dir, data, profile) if cache_dir else None
    rules = _read_cache(cache)
    if rules is None:
        rules = list(_parse(datastream, data, profile))
        _write_cache(cache, rules)
    table = FamilyTable("skill.scap.families", families or {})
    return {rule.id: replace(rule, family=table.of(rule.id)) for rule in rules}


def content_version(data: bytes) -> str:
    """Return the version that a datastream says it has, such as `0.1.65`; '' if none."""
    found = _VERSION.search(data)
    return found.group(1).decode() if found else ""


def _parse(datastream: Path, data: bytes, profile: str) -> Iterator[ScapRule]:
    from lxml import etree

    try:
        root = etree.fromstring(data, etree.XMLParser(huge_tree=True, remove_comments=True))
    except etree.XMLSyntaxError as error:
        raise SandboxError(
            str(datastream), f"is not XML: {error}", "install the SCAP content again"
        ) from error
    index, questions = OvalIndex(root), prose.OcilQuestions(root)
    selection = Selection(datastream, root, profile)
    for rule in root.iter(f"{_X}Rule"):
        if selection.selects(rule):
            yield _rule(rule, selection, index, questions)


class Selection:
    """The rules and values of a profile, with those of the profiles it extends."""

    def __init__(self, datastream: Path, root: _Element, name: str) -> None:
        self._where = str(datastream)
        self._profiles = {p.get("id", ""): p for p in root.iter(f"{_X}Profile")}
        self._selected: dict[str, bool] = {}
        selectors: dict[str, str] = {}
        fixed: dict[str, str] = {}
        for profile in self._chain(name):
            for child in profile:
                idref = child.get("idref", "")
                if child.tag == f"{_X}select":
                    self._selected[idref] = child.get("selected") != "false"
                elif child.tag == f"{_X}refine-value":
                    selectors[idref] = child.get("selector", "")
                elif child.tag == f"{_X}set-value":
                    fixed[idref] = child.text or ""
        self.values = {
            value.get("id", ""): _value(value, selectors.get(value.get("id", ""), ""))
            for value in root.iter(f"{_X}Value")
        } | fixed

    def _chain(self, name: str) -> list[_Element]:
        """Return the profile and the profiles it extends, the most basic one first."""
        profile = self._profiles.get(name) or self._by_last_word(name)
        chain = [profile]
        while (parent := chain[0].get("extends")) and self._profiles[parent] not in chain:
            chain.insert(0, self._profiles[parent])
        return chain

    def _by_last_word(self, name: str) -> _Element:
        for profile_id, profile in self._profiles.items():
            if profile_id.partition("content_profile_")[2] == name:
                return profile
        known = sorted(p.partition("content_profile_")[2] or p for p in self._profiles)
        hint = f"{did_you_mean(name, known)}known profiles: {', '.join(known)}"
        raise SandboxError(self._where, f"no profile '{name}'", hint)

    def selects(self, rule: _Element) -> bool:
        """Return whether the rule and every group around it are selected."""
        groups = [rule, *rule.iterancestors(f"{_X}Group")]
        return all(
            self._selected.get(e.get("id", ""), e.get("selected") != "false") for e in groups
        )


def _value(element: _Element, selector: str) -> str:
    choices = {v.get("selector", ""): v.text or "" for v in element.iter(f"{_X}value")}
    return choices.get(selector, choices.get("", next(iter(choices.values()), "")))


def _rule(
    element: _Element, selection: Selection, index: OvalIndex, questions: prose.OcilQuestions
) -> ScapRule:
    checks = _checks(element, selection.values, index)
    return ScapRule(
        id=element.get("id", "").rpartition("content_rule_")[2],
        title=" ".join("".join(element.find(f"{_X}title").itertext()).split()),
        severity=element.get("severity", "unknown"),
        family="other",
        platforms=tuple(p.get("idref", "") for p in element.iter(f"{_X}platform")),
        fix=_fix(element, selection.values),
        checks=checks,
        digest=_digest(checks),
        description=prose.description(element, selection.values),
        question=questions.of(element, selection.values),
    )


def _checks(
    rule: _Element, values: Mapping[str, str], index: OvalIndex
) -> tuple[ResolvedTest, ...]:
    for check in rule.iter(f"{_X}check"):
        reference = check.find(f"{_X}check-content-ref")
        if check.get("system") != _OVAL or reference is None or not reference.get("name"):
            continue
        exports = {
            export.get("export-name", ""): values.get(export.get("value-id", ""), "")
            for export in check.iter(f"{_X}check-export")
        }
        try:
            return index.checks(reference.get("name"), exports)
        except KeyError:
            return ()  # the check is in content that would have to be fetched
    return ()


def _fix(rule: _Element, values: Mapping[str, str]) -> str:
    for fix in rule.iter(f"{_X}fix"):
        if fix.get("system") == _BASH:
            words = [fix.text or ""]
            for child in fix:
                if child.tag == f"{_X}sub":
                    words.append(values.get(child.get("idref", ""), ""))
                words.append(child.tail or "")
            return "".join(words).strip() + "\n"
    return ""


def _digest(checks: tuple[ResolvedTest, ...]) -> str:
    plain = [asdict(check) | {"comment": "", "test_id": ""} for check in checks]
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _cache_file(cache_dir: Path, data: bytes, profile: str) -> Path:
    key = hashlib.sha256(f"{REVISION}\n{profile}\n".encode() + data).hexdigest()[:24]
    return cache_dir / f"rules-{key}.json"


def _write_cache(cache: Path | None, rules: list[ScapRule]) -> None:
    if cache is None:
        return
    cache.parent.mkdir(parents=True, exist_ok=True)
    part = cache.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps([asdict(rule) for rule in rules]))
    part.replace(cache)  # two processes may write it at once


def _read_cache(cache: Path | None) -> list[ScapRule] | None:
    try:
        return [_thawed(row) for row in json.loads(cache.read_text())] if cache else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # missing or damaged: parse again


def _thawed(row: dict[str, Any]) -> ScapRule:
    checks = tuple(_thawed_check(check) for check in row["checks"])
    return ScapRule(**row | {"platforms": tuple(row["platforms"]), "checks": checks})


def _thawed_check(row: dict[str, Any]) -> ResolvedTest:
    return ResolvedTest(
        **row
        | {
            "branch": tuple(row["branch"]),
            "targets": tuple(map(_thawed_target, row["targets"])),
            "states": tuple(map(_thawed_fields, row["states"])),
            "sources": tuple(map(_thawed_target, row["sources"])),
        }
    )


def _thawed_target(row: dict[str, Any]) -> OvalObject:
    filters = tuple((action, _thawed_fields(fields)) for action, fields in row["filters"])
    return OvalObject(_thawed_fields(row["fields"]), filters, row["excluded"])


def _thawed_fields(row: dict[str, Any]) -> dict[str, Entity]:
    return {name: Entity(**e | {"values": tuple(e["values"])}) for name, e in row.items()}
