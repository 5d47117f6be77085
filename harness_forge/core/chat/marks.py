"""Marks of messages that are not to be trained on, as trainers and datasets write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MARKS = (
    *("train", "training", "trainable", "loss", "learn", "train_on_turn"),
    *("weight", "loss_weight", "loss_mask"),
)
"""Keys by which trainers mark messages; with false or 0 a message is not learned."""
_MASKS = ("mask", "masked", "ignore", "ignore_loss")
"""Keys that mean the same when they are true."""
KEYS = (*_MARKS, *_MASKS)


def learnable(message: Mapping[str, Any]) -> bool:
    """Return whether a message is to be trained on, by its marks.

    A list has a mark for each token: the message is learned where one of them is.
    """
    for key in _MARKS:
        mark = message.get(key)
        marks = mark if isinstance(mark, list) else [mark]
        if marks and all(_meant(one) is False for one in marks):
            return False
    return not any(_meant(message.get(key)) for key in _MASKS)


def _meant(mark: Any) -> bool | None:
    """Return a mark's boolean, number or word as a boolean; None for neither."""
    if isinstance(mark, str):
        said = mark.strip().lower()
        if said in ("false", "no", "off"):
            return False
        try:
            mark = float(said)
        except ValueError:
            return True if said in ("true", "yes", "on") else None
    return mark > 0 if isinstance(mark, int | float) else None
