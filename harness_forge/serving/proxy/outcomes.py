"""Reads outcomes that a harness posts: which attempt passed, and how well."""

from __future__ import annotations

from typing import Any

import orjson

from harness_forge.serving.proxy.keys import RequestKeys
from harness_forge.serving.proxy.request import RequestRefused


def posted(body: bytes, keys: RequestKeys) -> list[dict[str, Any]]:
    """Return the outcomes in a request, one or a list of them.

    Args:
        keys: of the request, for keys that an outcome lacks.

    Raises:
        RequestRefused: they are no JSON that can be stored, or one does not say whether it passed.
    """
    try:
        outcomes = orjson.loads(body)
    except ValueError:
        raise RequestRefused(400, "the outcomes are no JSON") from None
    made = [_outcome(one, keys) for one in (outcomes if isinstance(outcomes, list) else [outcomes])]
    try:
        orjson.dumps(made)
    except TypeError:  # orjson reads deeper nesting than it writes
        raise RequestRefused(400, "the outcomes are nested too deeply") from None
    return made


def _outcome(outcome: Any, keys: RequestKeys) -> dict[str, Any]:
    """Return a posted outcome with its keys.

    Raises:
        RequestRefused: it does not say whether it passed, or for which item.
    """
    if not isinstance(outcome, dict):
        raise RequestRefused(400, "an outcome is a JSON object")
    known = {name: outcome.get(name) or getattr(keys, name) for name in ("run", "item", "skill")}
    attempt = outcome.get("attempt", keys.attempt or 1)
    if not known["item"] or not all(isinstance(one, str) for one in known.values()):
        raise RequestRefused(400, "an outcome names its item")
    if isinstance(attempt, bool) or not isinstance(attempt, int) or not 0 < attempt < 2**31:
        raise RequestRefused(400, "an attempt is a number from 1")
    passed, value = outcome.get("passed"), outcome.get("value")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if passed is None and number:
        passed = value >= 1
    if not isinstance(passed, bool) or (value is not None and not (number and 0 <= value <= 1)):
        raise RequestRefused(
            400, "an outcome says passed: true or false, and may say value: 0 to 1"
        )
    return {
        "keys": {name: one[:200] for name, one in known.items() if one} | {"attempt": attempt},
        "passed": passed,
        "value": float(passed) if value is None else float(value),
        "told": outcome,
    }
