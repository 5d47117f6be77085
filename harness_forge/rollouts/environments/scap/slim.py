"""Cut a SCAP datastream down to the rules in question.

Writes the XML that the scanner reads: a rule with the closure of its OVAL check
and the values it exports, and nothing else. The whole datastream takes two
seconds a rule; a slim file of twenty rules takes a third of a second. Platforms
are dropped: the root decides once what applies.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.scap.content import Selection

if TYPE_CHECKING:
    from lxml.etree import _Element

REVISION = 1
"""Increase it when the same datastream would be cut differently."""

RULE_PREFIX = "xccdf_org.ssgproject.content_rule_"

_X = "{http://checklists.nist.gov/xccdf/1.2}"
_OVAL_SYSTEM = "http://oval.mitre.org/XMLSchema/oval-definitions-5"
_LISTS = ("definitions", "tests", "objects", "states", "variables")
_NAMESPACES = {
    "": _OVAL_SYSTEM,
    "oval-def": _OVAL_SYSTEM,
    "oval": "http://oval.mitre.org/XMLSchema/oval-common-5",
    "ind": f"{_OVAL_SYSTEM}#independent",
    "linux": f"{_OVAL_SYSTEM}#linux",
    "unix": f"{_OVAL_SYSTEM}#unix",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
_DECLARATION = re.compile(r' xmlns(:[\w.-]+)?="[^"]*"')


@dataclass(frozen=True, slots=True)
class SlimFiles:
    """The two files of a slim evaluation; `oval` has to be named `oval.xml`."""

    xccdf: bytes
    oval: bytes


class SlimContent:
    """Every rule of one profile, ready to be joined into slim files.

    Args:
        index: the result of `_cut`: the XML parts of each rule; for each OVAL id
            its list, text and references.
    """

    def __init__(self, index: Mapping[str, Any]) -> None:
        self._rules: dict[str, dict[str, Any]] = index["rules"]
        self._values: dict[str, dict[str, str]] = index["values"]
        self._oval: dict[str, list[Any]] = index["oval"]

    @classmethod
    def open(cls, datastream: Path, profile: str, cache_dir: Path) -> SlimContent:
        """Return the slim content; the first call cuts it, later ones read `cache_dir`."""
        cache = cache_dir / f"slim-{profile}-{REVISION}.json"
        try:
            return cls(json.loads(cache.read_bytes()))
        except (OSError, ValueError, KeyError):
            pass  # missing or damaged: cut again
        index = _cut(datastream, profile)
        cache.parent.mkdir(parents=True, exist_ok=True)
        part = cache.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(index))
        part.replace(cache)
        return cls(index)

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The rules that have an OVAL check, in the datastream's order."""
        return tuple(self._rules)

    def files(self, rule_ids: Iterable[str]) -> SlimFiles:
        """Join the named rules into one pair of files.

        Raises:
            KeyError: a rule without an OVAL check.
        """
        rules = [self._rules[rule_id] for rule_id in dict.fromkeys(rule_ids)]
        values = dict.fromkeys(value for rule in rules for _, value in rule["exports"])
        closure = self._closure(rule["definition"] for rule in rules)
        return SlimFiles(
            _xccdf(rules, {value: self._values[value] for value in values}),
            _oval([self._oval[oval_id] for oval_id in closure]),
        )

    def checks_digestible(self, rule_id: str) -> str:
        """Return the text of all parts of the rule's check."""
        closure = self._closure([self._rules[rule_id]["definition"]])
        return "\n".join(self._oval[oval_id][1] for oval_id in sorted(closure))

    def _closure(self, roots: Iterable[str]) -> list[str]:
        seen: dict[str, None] = {}
        waiting = list(roots)
        while waiting:
            oval_id = waiting.pop()
            if oval_id not in seen:
                seen[oval_id] = None
                waiting += self._oval[oval_id][2]
        return list(seen)


# oscap 1.3.7 skips elements that have no whitespace between them: every element
# below is followed by a line break.


def _xccdf(rules: list[dict[str, Any]], values: Mapping[str, Mapping[str, str]]) -> bytes:
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" '
        'id="xccdf_forge_benchmark_slim" resolved="1" xml:lang="en-US">',
        "<status>draft</status>",
        "<title>slim</title>",
        "<version>1</version>",
    ]
    for value_id, value in values.items():
        lines += [
            f"<Value id={quoteattr(value_id)} type={quoteattr(value['type'])}>",
            "<title>value</title>",
            f"<value>{escape(value['text'])}</value>",
            "</Value>",
        ]
    for rule in rules:
        lines += [
            f'<Rule id="{RULE_PREFIX}{rule["id"]}" selected="true" severity="unknown">',
            "<title>rule</title>",
            f'<check system="{_OVAL_SYSTEM}">',
            *(
                f"<check-export export-name={quoteattr(name)} value-id={quoteattr(value)}/>"
                for name, value in rule["exports"]
            ),
            f'<check-content-ref href="oval.xml" name={quoteattr(rule["definition"])}/>',
            "</check>",
            "</Rule>",
        ]
    return "\n".join([*lines, "</Benchmark>", ""]).encode()


def _oval(elements: list[list[Any]]) -> bytes:
    spaces = " ".join(
        f'xmlns{":" if prefix else ""}{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items()
    )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<oval_definitions {spaces}>",
        "<generator>",
        "<oval:schema_version>5.11</oval:schema_version>",
        "<oval:timestamp>2000-01-01T00:00:00</oval:timestamp>",
        "</generator>",
    ]
    for name in _LISTS:
        members = [text for where, text, _ in elements if where == name]
        if members:
            lines += [f"<{name}>", *members, f"</{name}>"]
    return "\n".join([*lines, "</oval_definitions>", ""]).encode()


def _cut(datastream: Path, profile: str) -> dict[str, Any]:
    """Return the index of every rule of `profile` that has an OVAL check."""
    from lxml import etree

    def text(element: _Element) -> str:
        for metadata in element.findall(f"{{{_OVAL_SYSTEM}}}metadata"):
            element.remove(metadata)
        words = etree.tostring(element, encoding="unicode", with_tail=False)
        return _DECLARATION.sub("", words)  # the slim file's root has them

    root = _read(datastream)
    selection = Selection(datastream, root, profile)
    rules = [rule for rule in root.iter(f"{_X}Rule") if selection.selects(rule)]
    by_id = _oval_elements(root)
    types = {value.get("id"): value.get("type", "string") for value in root.iter(f"{_X}Value")}
    index: dict[str, Any] = {"rules": {}, "values": {}, "oval": {}}
    for rule in rules:
        entry = _rule_entry(rule, by_id)
        if entry is None:
            continue
        index["rules"][entry["id"]] = entry
        for _, value in entry["exports"]:
            index["values"][value] = {"type": types[value], "text": selection.values[value]}
        waiting = [entry["definition"]]
        while waiting:
            oval_id = waiting.pop()
            if oval_id not in index["oval"]:
                where, element = by_id[oval_id]
                references = [ref for ref in _references(element) if ref in by_id]
                index["oval"][oval_id] = [where, text(element), references]
                waiting += references
    return index


def _read(datastream: Path) -> _Element:
    from lxml import etree

    try:
        return etree.parse(datastream, etree.XMLParser(huge_tree=True)).getroot()
    except (OSError, etree.XMLSyntaxError) as error:
        raise SandboxError(
            str(datastream), f"cannot read the SCAP content: {error}", "run `forge env setup`"
        ) from error


def _rule_entry(rule: _Element, by_id: Mapping[str, Any]) -> dict[str, Any] | None:
    for check in rule.iter(f"{_X}check"):
        reference = check.find(f"{_X}check-content-ref")
        name = reference.get("name") if reference is not None else None
        if check.get("system") == _OVAL_SYSTEM and name in by_id:
            return {
                "id": rule.get("id", "").removeprefix(RULE_PREFIX),
                "definition": name,
                "exports": [
                    (export.get("export-name"), export.get("value-id"))
                    for export in check.iter(f"{_X}check-export")
                ],
            }
    return None


def _oval_elements(root: _Element) -> dict[str, tuple[str, _Element]]:
    """Return every OVAL element by id; the first of two components wins."""
    by_id: dict[str, tuple[str, _Element]] = {}
    for name in _LISTS:
        for listing in root.iter(f"{{{_OVAL_SYSTEM}}}{name}"):
            for element in listing:
                if isinstance(element.tag, str):
                    by_id.setdefault(element.get("id", ""), (name, element))
    if not by_id:
        raise SandboxError(
            str(root.base or ""), "holds no OVAL checks", "install the SCAP content again"
        )
    return by_id


def _references(element: _Element) -> Iterable[str]:
    for node in element.iter():
        if not isinstance(node.tag, str):
            continue
        for name in ("definition_ref", "test_ref", "object_ref", "state_ref", "var_ref"):
            if reference := node.get(name):
                yield reference
        if node.tag.rpartition("}")[2] in ("filter", "object_reference", "var_ref"):
            yield (node.text or "").strip()
