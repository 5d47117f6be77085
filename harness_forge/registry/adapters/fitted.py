"""Refuses to judge an adapter on a split that it was trained on."""

from __future__ import annotations

from collections.abc import Sequence

from harness_forge.core.errors import EvalError
from harness_forge.core.records import Split


def check(name: str, fitted: Sequence[str], split: str | None) -> None:
    """Refuse to judge an adapter on validation where it was trained on that too.

    On training items nobody takes a pass for evidence, so those are let pass.

    Args:
        fitted: splits that it was trained on, see `Adapter.fitted`.
        split: that it is to be judged on; None is all of them.

    Raises:
        EvalError: both name validation.
    """
    if split == Split.VALIDATION and Split.VALIDATION in fitted:
        what = "was trained on the validation rows too, so passing them shows nothing"
        hint = "evaluate it on the holdout, or train one without: train.refit=false"
        raise EvalError(f"adapter {name}", what, hint)
