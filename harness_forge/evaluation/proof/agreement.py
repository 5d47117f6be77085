"""Whether a server answers like the trained model: same tokens, same numbers, for the same text.

A server that lists an adapter may still ignore it, put it on another base, or
render prompts with another template, all without an error. So both sides are asked
for the likeliest next tokens at the same positions of the same prompts, and the log
probabilities are compared. The floor is what changes when the server is asked the
same again (an A/A test): a smaller difference counts as none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness_forge.core.errors import EvalError

TOLERANCE = 0.05
"""Largest mean gap of log probabilities between training stack and server, in nats a
token. Measured: 1e-6 in float32 on a CPU. Rounding a logit of 10 to bfloat16 moves it
by up to 0.03, and over many tokens in both directions."""

FLOOR_FACTOR = 10
"""An adapter moves log probabilities at least this many times as far as the floor."""

NEARER = 4
"""A served adapter is this many times nearer to the trained one than that is to the base."""

COMPARED = 10
"""Tokens of each side compared at a position, the likeliest first; the others say little."""

Scores = Sequence[Sequence[Mapping[str, float]]]
"""By probe and position, the log probabilities in nats of the likeliest next tokens, by id."""


@dataclass(frozen=True)
class ServerAnswers:
    """A server's answers to the probes.

    Args:
        ids: of each probe's tokens.
        base, again: log probabilities of the base, first asked alone, then
            together with other requests.
        adapter: of the adapter.
    """

    ids: Sequence[Sequence[int]]
    base: Scores
    again: Scores
    adapter: Scores


@dataclass(frozen=True)
class LogprobAgreement:
    """Mean gaps of log probabilities, in nats a token.

    Args:
        places: number of positions compared.
        floor: of the served base from itself, asked again.
        moved: of the served adapter from the served base.
        trained_moved: the same on the training stack.
        base_gap, adapter_gap: between training stack and server.
        tolerance: the largest gap that counts as agreement.
    """

    places: int
    floor: float
    moved: float
    trained_moved: float
    base_gap: float
    adapter_gap: float
    tolerance: float

    def as_dict(self) -> dict[str, float]:
        """Return the numbers with two digits: a server's later digits vary from day to day."""
        return {
            key: value if isinstance(value, int) else float(f"{value:.2g}")
            for key, value in asdict(self).items()
        }


def check_words(trained: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> None:
    """Refuse a server that renders a probe to other tokens than training did.

    Raises:
        EvalError: its chat template or its tokenizer is another.
    """
    for number, (ours, theirs) in enumerate(zip(trained, answers, strict=True), start=1):
        if list(ours) != list(theirs):
            at = next(
                (n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b),
                min(len(ours), len(theirs)),
            )
            what = (
                f"renders probe {number} to other tokens than training did, from token {at + 1} "
                f"on ({len(theirs)} instead of {len(ours)})"
            )
            raise EvalError(
                "server", what, "serve it with the chat template it was trained with: `forge serve`"
            )


def agreement(
    trained: Mapping[str, Any], answers: ServerAnswers, tolerance: float = TOLERANCE
) -> LogprobAgreement:
    """Return how far the server is from the training stack.

    Args:
        trained: `tokens` from `prove.measure`; if the adapter was trained on four
            bits, the server is compared with those.
    """
    own = trained.get("trained") or trained["adapter"]
    return LogprobAgreement(
        places=sum(map(len, own)),
        floor=gap(answers.base, answers.again),
        moved=gap(answers.adapter, answers.base),
        trained_moved=gap(trained["adapter"], trained["base"]),
        base_gap=gap(trained["base"], answers.base),
        adapter_gap=gap(own, answers.adapter),
        tolerance=tolerance,
    )


def check(adapter: str, found: LogprobAgreement) -> None:
    """Refuse a server that does not answer with the trained adapter.

    Raises:
        EvalError: names the first difference.
    """
    for what, hint in _faults(found):
        raise EvalError(f"adapter {adapter}", what, hint)


def gap(one: Scores, other: Scores) -> float:
    """Return the mean absolute difference over all positions and tokens; nan if there are none."""
    apart = [
        difference
        for ours, theirs in zip(one, other, strict=True)
        for a, b in zip(ours, theirs, strict=True)
        for difference in _apart(a, b)
    ]
    return sum(apart) / len(apart) if apart else float("nan")


def _apart(one: Mapping[str, float], other: Mapping[str, float]) -> list[float]:
    """Return the differences of two lists' likeliest tokens.

    A token that the other side does not list is at least as unlikely there as the
    last one it lists.
    """
    found = {}
    for these, those in ((one, other), (other, one)):
        least = min(those.values(), default=0.0)
        for token in sorted(these, key=these.get, reverse=True)[:COMPARED]:
            there = those.get(token)
            own = these[token]
            found[token] = max(own - least, 0.0) if there is None else abs(own - there)
    return list(found.values())


def _faults(found: LogprobAgreement):
    # Written as `not a <= b`: nan must not pass.
    if not found.base_gap <= found.tolerance:
        what = (
            f"the server's base model is another: it lies {found.base_gap:.2g} nats a token from "
            f"the one trained on, at most {found.tolerance:g} are allowed"
        )
        yield what, "serve the base model that the recipe names, unquantised"
    if not found.moved > FLOOR_FACTOR * found.floor:
        what = (
            f"is not what the server answers with: it moves {found.moved:.2g} nats a token, "
            f"asking the base again moves {found.floor:.2g}"
        )
        yield what, "the base model answers under its name; see the server's log"
    if not found.adapter_gap <= found.tolerance:
        what = (
            f"is served otherwise than it was trained: {found.adapter_gap:.2g} nats a token "
            f"apart, at most {found.tolerance:g} are allowed"
        )
        yield what, "the same base model, precision and scaling on both sides?"
    if not found.adapter_gap * NEARER <= found.trained_moved:
        what = (
            f"is served as something between itself and the base: {found.adapter_gap:.2g} nats a "
            f"token from the trained one, which is {found.trained_moved:.2g} from the base"
        )
        yield what, "part of its modules may not be applied; see the server's log"
