"""Redacts values outside messages: origins of rows, item ids, settings.

A machine may be called by its name in an item's id, a family, a policy's
endpoint or a bound value too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from harness_forge.datasets.request import Treatment

if TYPE_CHECKING:
    from harness_forge.datasets.redaction.redactor import Redactor

_ORIGIN = ("run_id", "item_id", "family", "policy", "origin", "evaluator")
_NAMES = frozenset([*_ORIGIN, *(f"rejected_{name}" for name in _ORIGIN)])


def redactor_of(treatment: Treatment) -> Redactor | None:
    """Return the dataset's redactor; None where redaction is off."""
    if treatment.redaction is None or not treatment.redaction.enabled:
        return None
    from harness_forge.datasets.redaction.recognised import NONE
    from harness_forge.datasets.redaction.redactor import Redactor

    return Redactor(treatment.redaction, treatment.key, treatment.recognised or NONE)


_NO_KEYS: Mapping[str, Any] = {}


class Cleaner:
    """Replaces names in a line's origin keys, in items and in the manifest."""

    def __init__(self, redactor: Redactor | None) -> None:
        self._redactor = redactor
        self.name = lru_cache(maxsize=65536)(redactor.text) if redactor else str

    def line(
        self, shown: dict[str, Any], extra_keys: Mapping[str, Any] = _NO_KEYS
    ) -> dict[str, Any]:
        """Redact a line's origin keys in place, and return the line.

        Args:
            extra_keys: keys that every line ends with.
        """
        if self._redactor is not None:
            for key in _NAMES.intersection(shown):
                if isinstance(shown[key], str):
                    shown[key] = self.name(shown[key])
        if extra_keys:
            shown.update(extra_keys)
        return shown

    def value(self, value: Any) -> Any:
        """Return a value redacted."""
        return self._redactor.value(value)[0] if self._redactor else value
