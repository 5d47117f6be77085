"""What a datastream says of a rule in words: its description, and how a person checks it.

The description is XHTML in XCCDF, the check a question in OCIL. Both name files,
options and values. Remediation (`fix`, `fixtext`) and rationale are not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

_X = "{http://checklists.nist.gov/xccdf/1.2}"
_H = "{http://www.w3.org/1999/xhtml}"
_O = "{http://scap.nist.gov/schema/ocil/2.0}"
_OCIL = "http://scap.nist.gov/schema/ocil/2"
_ESCAPED_SUB = re.compile(r"<(?:[\w.-]+:)?sub\b[^<>]*?\bidref=[\"']([^\"']*)[\"'][^<>]*>")
_ESCAPED_TAG = re.compile(r"</?(?:[\w.-]+:sub|sub|pre|tt|code|br)\s*/?>")
"""Elements that the content holds as text, as OCIL questions do: OCIL knows none of them."""
_OWN_LINE = {f"{_H}{name}" for name in ("pre", "br", "p", "li", "ul", "ol", "table", "tr")}


class OcilQuestions:
    """The OCIL questions of a datastream, by questionnaire."""

    def __init__(self, root: _Element) -> None:
        self._texts = {
            question.get("id", ""): question.find(f"{_O}question_text")
            for question in root.iter(f"{_O}boolean_question")
        }
        asks = {
            action.get("id", ""): action.get("question_ref", "")
            for action in root.iter(f"{_O}boolean_question_test_action")
        }
        self._asked = {
            questionnaire.get("id", ""): [
                asks.get((reference.text or "").strip(), "")
                for reference in questionnaire.iter(f"{_O}test_action_ref")
            ]
            for questionnaire in root.iter(f"{_O}questionnaire")
        }

    def of(self, rule: _Element, values: Mapping[str, str]) -> str:
        """Return what a person is asked to check for a rule; '' if the content asks nothing.

        Args:
            values: id of an XCCDF value -> its text.
        """
        for check in rule.iter(f"{_X}check"):
            reference = check.find(f"{_X}check-content-ref")
            if check.get("system") == _OCIL and reference is not None:
                asked = self._asked.get(reference.get("name", ""), ())
                texts = [self._texts.get(name) for name in asked]
                return "\n".join(_lines(t, values, kept=True) for t in texts if t is not None)
        return ""


def description(rule: _Element, values: Mapping[str, str]) -> str:
    """Return a rule's description as plain text, with the values of the profile.

    Args:
        values: id of an XCCDF value -> its text.
    """
    found = rule.find(f"{_X}description")
    return "" if found is None else _lines(found, values)


def _lines(element: _Element, values: Mapping[str, str], *, kept: bool = False) -> str:
    """Return an element's text: lines of `pre` as they are, the rest joined to paragraphs.

    Args:
        kept: keep every line, as in preformatted text.
    """
    parts: list[tuple[str, bool]] = []
    _collect(element, values, kept, parts)
    text = "".join(part if exact else " ".join(_padded(part)) for part, exact in parts)
    text = _ESCAPED_SUB.sub(lambda found: _by_short_id(values, found.group(1)), text)
    text = _ESCAPED_TAG.sub("", text)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _by_short_id(values: Mapping[str, str], name: str) -> str:
    """Return the value whose id is or ends with a name, as OCIL texts write it; else `<name>`."""
    ends = (text for key, text in values.items() if key.endswith(f"_value_{name}"))
    return values.get(name) or next(ends, f"<{name}>")


def _padded(text: str) -> list[str]:
    """Return the words of a text, with '' at an end that has white space."""
    words = text.split()
    before, after = [""] * text[:1].isspace(), [""] * text[-1:].isspace()
    return [*before, *words, *after] if words else [" "] * bool(text)


def _collect(
    element: _Element, values: Mapping[str, str], exact: bool, parts: list[tuple[str, bool]]
) -> None:
    own_line = element.tag in _OWN_LINE
    inside = exact or element.tag == f"{_H}pre"
    if own_line:
        parts.append(("\n", True))
    parts.append((element.text or "", inside))
    for child in element:
        if child.tag == f"{_X}sub":
            parts.append((values.get(child.get("idref", ""), ""), inside))
        elif isinstance(child.tag, str):
            _collect(child, values, inside, parts)
        parts.append((child.tail or "", inside))
    if own_line:
        parts.append(("\n", True))
