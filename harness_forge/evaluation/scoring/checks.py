"""Which check an item asks for, and the scores of its answer.

A check is a mapping with a `kind`. An empty, cut-off or unreadable answer is a
fault of the model: it scores 0 and is counted.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness_forge.core.chat.call_forms import HERMES
from harness_forge.evaluation.scoring import beads, calls, roles, words

Check = Mapping[str, Any]
Scores = dict[str, float | bool]

_FENCED = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)```", re.DOTALL)


def scored(
    check: Check, text: str, cut: bool, tools: Sequence[Mapping[str, Any]], form: str = HERMES
) -> Scores:
    """Return an answer's scores by metric, each between 0 and 1; one that does not apply is absent.

    Args:
        cut: the answer was cut off at the token limit.
        tools: schemas that were offered.
        form: how the model writes calls, a name of `core.chat.call_forms.FORMS`.
    """
    if check["kind"] in _OF_CALLS:
        found = None if cut or not text.strip() else calls.read(text.strip(), form, tools)
        return _OF_CALLS[check["kind"]](check, found, tools)
    return _CHECKS[check["kind"]](check, "" if cut else text.strip(), tools)


def efficient(scores: Scores, check: Check, tokens: int) -> Scores:
    """Return scores that compare a right answer's length with the item's token budget.

    concise: it is right and within the budget. token_efficiency: 1 up to the
    budget, budget / tokens above it; 0 if the answer is wrong. An item without a
    budget has neither.
    """
    if "budget" not in check:
        return {}
    right, budget = bool(scores.get("score")), check["budget"]
    share = min(1.0, budget / max(tokens, 1))
    return {"concise": right and tokens <= budget, "token_efficiency": share if right else 0.0}


def code_of(text: str) -> str:
    """Return the Python of an answer: the content of its first code fence, or all of it."""
    found = _FENCED.search(text)
    return found.group(1) if found else text


def _label(check: Check, text: str, tools: Any) -> Scores:
    return {"score": words.label(text, check["answer"], check["options"])}


def _number(check: Check, text: str, tools: Any) -> Scores:
    return {"score": words.number(text, check["value"], check.get("tolerance", 1e-6))}


def _mentions(check: Check, text: str, tools: Any) -> Scores:
    right = words.mentions(text, check["all"], check.get("none", ()))
    return {"score": bool(text) and right and _within(check, text)}


def _order(check: Check, text: str, tools: Any) -> Scores:
    return {"score": words.in_order(text, check["steps"]) and _within(check, text)}


def _json(check: Check, text: str, tools: Any) -> Scores:
    return {"score": words.json_fits(text, check["fields"])}


def _calls(
    check: Check, found: list[calls.Call] | None, tools: Sequence[Mapping[str, Any]]
) -> Scores:
    truth, free = list(check["truth"]), check.get("free", ())
    readable = found is not None and bool(found) == bool(truth)
    bound = [(name, _bound(arguments, free)) for name, arguments in found or ()]
    said = all(
        any(words.mentions(str(arguments.get(key, "")), expected) for _, arguments in found or ())
        for key, expected in check.get("mentions", {}).items()
    )
    # JSON Schema has no float and no tuple: a suite that needs them brings its own schemas.
    schemas = check.get("schemas", tools)
    right = readable and said and calls.matches(bound, schemas, truth, check.get("ordered", False))
    return {"score": right, "ast_match": right, "valid_calls": readable}


def _bound(arguments: Mapping[str, Any], free: Sequence[str]) -> dict[str, Any]:
    """Return arguments with one placeholder for any free text."""
    return {
        key: "*" if key in free and isinstance(value, str) and value.strip() else value
        for key, value in arguments.items()
    }


def _beads(check: Check, found: list[calls.Call] | None, tools: Any) -> Scores:
    end = beads.play(found, check["start"]) if found else None
    return {"score": beads.reached(end, check["goal"], check["start"])}


def _verdict(check: Check, text: str, tools: Any) -> Scores:
    said = _SAID[check["kind"]](text)
    return {"verdict_right": said in check["right"], "verdict_given": said is not None}


def _reflection(check: Check, text: str, tools: Any) -> Scores:
    parts = roles.reflection(text)
    scores = {"well_formed": all(parts.values()), **parts}
    if known := check.get("lesson"):
        scores["names_cause"] = roles.lesson(text) == known
    return scores


def _code(check: Check, text: str, tools: Any) -> Scores:
    """Return whether an answer is Python that defines the function; it is not run here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the model's own code
            tree = ast.parse(code_of(text)) if text else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    names = [node.name for node in getattr(tree, "body", ()) if isinstance(node, ast.FunctionDef)]
    return {"code_parses": check["entry_point"] in names}


def _within(check: Check, text: str) -> bool:
    return len(text.split()) <= check.get("max_words", 10**9)


_SAID: dict[str, Callable[[str], str | None]] = {
    "verdict": roles.verdict,
    "pick": roles.pick,
    "audit": roles.audit,
}
"""What reads the verdict out of an answer, by the kind of check."""

_CHECKS: dict[str, Callable[[Check, str, Any], Scores]] = {
    "label": _label,
    "number": _number,
    "mentions": _mentions,
    "order": _order,
    "json": _json,
    "verdict": _verdict,
    "pick": _verdict,
    "audit": _verdict,
    "reflection": _reflection,
    "code": _code,
}

_OF_CALLS: dict[str, Callable[[Check, list[calls.Call] | None, Any], Scores]] = {
    "calls": _calls,
    "beads": _beads,
}

KINDS = (*_CHECKS, *_OF_CALLS)
"""The kinds of check that an item may ask for."""
