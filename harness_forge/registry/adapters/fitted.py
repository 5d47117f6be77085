"""Refuses to judge an adapter on what it was trained on, or by prompts of another kind."""

from __future__ import annotations

from collections.abc import Sequence

from harness_forge.core.errors import EvalError
from harness_forge.core.records import Split


def check(name: str, fitted: Sequence[str], split: str | None) -> None:
    """Refuse to judge an adapter on validation if it was trained on that too.

    Training items are allowed: a pass on them is not evidence.

    Args:
        fitted: splits that it was trained on, see `Adapter.fitted`.
        split: the split to judge on; None for all.

    Raises:
        EvalError: both name validation.
    """
    if split == Split.VALIDATION and Split.VALIDATION in fitted:
        what = "was trained on the validation rows too, so passing them shows nothing"
        hint = (
            f"forge train train.refit=false train.name={name}-tuning "
            f"train.dataset=data/dataset trains one without them, {name}-tuning, "
            "that may be judged there; split=holdout is a look"
        )
        raise EvalError(f"adapter {name}", what, hint)


def check_prompt(name: str, contexts: Sequence[str], context: str) -> None:
    """Refuse to ask an adapter by other prompts than it was trained on.

    Args:
        contexts: the values of `prompt.context` of its rows; empty where not known.
        context: that of the prompts it would be asked by.

    Raises:
        EvalError: there is another.
    """
    if contexts and set(contexts) != {context}:
        what = f"was trained on prompts with prompt.context={', '.join(contexts)}, not {context}"
        hint = f"ask it as it was taught: prompt.context={contexts[0]}"
        raise EvalError(f"adapter {name}", what, hint)
