"""An architect's, an auditor's or a reflector's answer: what it says, and its form."""

from __future__ import annotations

import json
import re

# As in conf/export/architect_sft.yaml: the first line that begins with the verdict.
_VERDICT = re.compile(r"^\W*verdict\W+(continue|pivot|escalate)\b", re.IGNORECASE | re.MULTILINE)
_PICK = re.compile(r"^\W*pick\W+([ab])\b", re.IGNORECASE | re.MULTILINE)
# As in conf/export/auditor_sft.yaml.
_PASSED = re.compile(r"\bverdict\b\W+(pass|passed|compliant|approved?)\b", re.IGNORECASE)
_FAILED = re.compile(r"\bverdict\b\W+(fail|failed|non-?compliant|rejected?)\b", re.IGNORECASE)
_SECTIONS = ("REFLECTION", "BANNED", "PREFERRED", "LESSON", "DISTILLED", "TIPS_JSON")
_TIP_TYPES = ("strategy", "recovery", "optimization", "warning")


def verdict(text: str) -> str | None:
    """Return CONTINUE, PIVOT or ESCALATE; None if the architect named none of them."""
    found = _VERDICT.search(text)
    return found.group(1).upper() if found else None


def pick(text: str) -> str | None:
    """Return A or B, the first that the architect picked; None if it picked none."""
    found = _PICK.search(text)
    return found.group(1).upper() if found else None


def audit(text: str) -> str | None:
    """Return PASS or FAIL; None if the auditor said neither or both."""
    passed, failed = _PASSED.search(text), _FAILED.search(text)
    if bool(passed) == bool(failed):
        return None
    return "PASS" if passed else "FAIL"


def lesson(text: str) -> str:
    """Return the lesson of a reflector's answer, from its own line; '' without one."""
    found = re.search(r"^LESSON:[ \t]*(.*?)[ \t]*$", text, re.MULTILINE)
    return found.group(1) if found else ""


def reflection(text: str) -> dict[str, bool]:
    """Return which parts of the harness's form a reflector's answer has.

    Returns:
        structure: every section is there once and in order; only BANNED may be
        empty. tips_parse: TIPS_JSON has at least one tip, and each has a text and
        a known type. mechanism: each tip says how it works.
    """
    lines = [line.partition(":") for line in text.splitlines()]
    heads = [(head.strip().upper(), rest.strip()) for head, colon, rest in lines if colon]
    sections = [(head, rest) for head, rest in heads if head in _SECTIONS]
    filled = all(rest for head, rest in sections if head not in ("REFLECTION", "BANNED"))
    tips = _tips(next((rest for head, rest in sections if head == "TIPS_JSON"), ""))
    return {
        "structure": [head for head, _ in sections] == list(_SECTIONS) and filled,
        "tips_parse": bool(tips) and all(_is_tip(tip) for tip in tips),
        "mechanism": bool(tips) and all(_text(tip, "mechanism") for tip in tips),
    }


def _tips(text: str) -> list:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):  # thousands of brackets
        return []
    tips = body.get("tips_to_save") if isinstance(body, dict) else None
    return tips if isinstance(tips, list) else []


def _is_tip(tip: object) -> bool:
    return _text(tip, "text") and tip.get("tip_type") in _TIP_TYPES  # type: ignore[union-attr]


def _text(tip: object, key: str) -> bool:
    value = tip.get(key) if isinstance(tip, dict) else None
    return isinstance(value, str) and bool(value.strip())
