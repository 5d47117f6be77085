"""The mask audit: checks the exact tokens to train on, before the first step.

The loss must cover the answers to learn, each with its end-of-turn token, and nothing
else. Trainers get this wrong without an error: all labels masked, a tool's answer trained,
the end of turn left out, an earlier turn learned again in every row. So the prepared rows are
compared with the same rows as serving will render them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from harness_forge.core.errors import TrainError

IGNORED = -100


class Audit(Protocol):
    """The counts of an audit in which every row passed.

    Args:
        tokens: of all rows together.
        trained: tokens that are learned from.
        longest: tokens of the longest row.
    """

    tokens: int
    trained: int
    longest: int

    @property
    def what(self) -> str:
        """How many rows there are, in words."""

    @property
    def shown(self) -> dict[str, str]:
        """One row's texts, by what they are."""


@dataclass(frozen=True)
class TokenAudit:
    """The counts of an audit in which every row passed.

    Args:
        rows: number of rows checked.
        tokens: of all rows together.
        trained: tokens with a label.
        longest: tokens of the longest row.
        masked_text: the masked part of one row, decoded.
        trained_text: the trained part of that row, decoded.
        turns: number of answers to learn.
        joined: rows in which an answer's first token includes the end of its prompt; a server
            tokenises these two separately.
    """

    rows: int
    tokens: int
    trained: int
    longest: int
    masked_text: str
    trained_text: str
    turns: int = 0
    joined: int = 0

    @property
    def what(self) -> str:
        """How many rows there are, in words."""
        return f"{self.rows} rows" + (f", {self.turns} turns" if self.turns > self.rows else "")

    @property
    def shown(self) -> dict[str, str]:
        """One row's texts, by what they are."""
        return {
            "masked in one row (no loss)": self.masked_text,
            "trained in the same row": self.trained_text,
        }


def length(row: Mapping[str, Any]) -> int:
    """Return the token count of a row: a conversation, or one side of a pair."""
    if "pieces" in row:
        return sum(len(ids) for _, ids in row["pieces"])
    return len(row["prompt"]) + len(row["answer"])


def check_lengths(
    rows: Sequence[Mapping[str, Any]], limit: int, what: str, places: Sequence[str] = ()
) -> int:
    """Return the longest row's token count; refuse rows over the limit, which are never truncated.

    Args:
        what: where the rows are.
        places: where each is, such as train.jsonl:12; empty numbers them.

    Raises:
        TrainError: names the first such row and the longest.
    """
    lengths = [length(row) for row in rows]
    long = [number for number, length in enumerate(lengths, start=1) if length > limit]
    if long:
        place = places[long[0] - 1] if places else f"row {long[0]}"
        raise TrainError(
            what,
            f"{len(long)} of {len(rows)} rows exceed {limit} tokens ({place} has "
            f"{lengths[long[0] - 1]}, the longest {max(lengths)})",
            f"train.sequence_length={max(lengths)}, if the model's context allows, or export"
            " without them: filters.row_too_long.enabled=true",
        )
    return max(lengths)


def audit(
    rows: Sequence[Mapping[str, Any]],
    prepared: Sequence[Mapping[str, Any]],
    eos: int,
    shown: Mapping[str, str],
) -> TokenAudit:
    """Check that every prepared row trains its answers and nothing else; return the counts.

    Args:
        rows: {"pieces": [[learned, token ids], …]}, as serving renders them; each
            learned piece includes the end-of-turn token.
        prepared: {"ids", "labels"}, as the trainer will load them, in any order.
        eos: id of the end-of-turn token.
        shown: {"masked", "trained"}: one row, decoded.

    Raises:
        TrainError: names the first fault.
    """
    if len(rows) != len(prepared):
        what = f"the dataset has {len(rows)} rows, Axolotl prepared {len(prepared)}"
        raise TrainError("mask audit", what, "rows dropped in silence are never trained on")
    expected = Counter(_wanted(row, eos) for row in rows)
    for number, row in enumerate(prepared):
        _check(number, row, eos)
        seen = (tuple(row["ids"]), tuple(row["labels"]))
        trimmed = _without_tail(*seen)
        if not expected[trimmed]:
            raise TrainError(
                f"mask audit: prepared row {number}",
                "its tokens or labels differ from the row as serving renders it",
                "does the chat template render an answer's call as it is stored?",
            )
        expected[trimmed] -= 1
    return TokenAudit(
        rows=len(prepared),
        tokens=sum(len(row["ids"]) for row in prepared),
        trained=sum(label != IGNORED for row in prepared for label in row["labels"]),
        longest=max((len(row["ids"]) for row in prepared), default=0),
        masked_text=shown["masked"],
        trained_text=shown["trained"],
        turns=sum(learned for row in rows for learned, _ in row["pieces"]),
        joined=sum(bool(row.get("joined")) for row in rows),
    )


def _wanted(row: Mapping[str, Any], eos: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the expected ids and labels, up to the end of the last answer."""
    ids: list[int] = []
    labels: list[int] = []
    for learned, piece in row["pieces"]:
        end = _end_of_turn(piece, eos) if learned else 0
        ids += piece
        labels += [*piece[:end], *[IGNORED] * (len(piece) - end)]
    return _without_tail(tuple(ids), tuple(labels))


def _end_of_turn(answer: Sequence[int], eos: int) -> int:
    """Return how many tokens of an answer are trained on.

    Templates put a line break after the end of turn; the model need not write it.
    """
    if eos not in answer:
        raise TrainError(
            "mask audit",
            "the chat template does not end an answer with the model's end-of-turn token",
            "an adapter trained so never learns to stop: set the tokenizer's eos_token",
        )
    return len(answer) - answer[::-1].index(eos)


def _check(number: int, row: Mapping[str, Any], eos: int) -> None:
    where = f"mask audit: prepared row {number}"
    labels = [label for label in row["labels"] if label != IGNORED]
    if not labels:
        raise TrainError(where, "all its labels are masked: nothing in it would be trained")
    if len(labels) == len(row["labels"]):
        raise TrainError(where, "none of its labels is masked: the prompt would be trained")
    if labels[-1] != eos:
        what = "its end-of-turn token is not trained"
        raise TrainError(where, what, "an adapter trained so never learns to stop")


def _without_tail(
    ids: tuple[int, ...], labels: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return both up to the last trained token."""
    end = max((place for place, label in enumerate(labels) if label != IGNORED), default=-1) + 1
    return ids[:end], labels[:end]
