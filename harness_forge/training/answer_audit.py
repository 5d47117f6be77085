"""The audits of second stages: pairs, and answers with a label.

The trainer itself checks, before its first step, that it sees the tokens that were looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness_forge.core.errors import TrainError


@dataclass(frozen=True)
class PairAudit:
    """The counts of an audit in which every preference pair passed.

    Args:
        pairs: pairs looked at.
        tokens: of all their rows together; a pair is two rows.
        trained: tokens of the answers.
        longest: tokens of the longest row.
        prompt_text: the prompt of one pair, decoded.
        chosen_text: its chosen answer.
        rejected_text: its rejected answer.
    """

    pairs: int
    tokens: int
    trained: int
    longest: int
    prompt_text: str
    chosen_text: str
    rejected_text: str

    @property
    def what(self) -> str:
        """How many pairs there are, in words."""
        return f"{self.pairs} pairs"

    @property
    def shown(self) -> dict[str, str]:
        """One pair's texts, by what they are."""
        return {
            "prompt of one pair": self.prompt_text,
            "chosen": self.chosen_text,
            "rejected": self.rejected_text,
        }


def audit_pairs(pairs: Sequence[Mapping[str, Any]], eos: int) -> PairAudit:
    """Check that both answers of every pair end their turn and differ; return the counts.

    The trainer itself checks, before its first step, that it sees these very
    tokens.

    Args:
        pairs: {"chosen", "rejected"}, each {"prompt", "answer"} token ids and
            {"asked", "answered"} texts, as serving renders them.
        eos: id of the end-of-turn token.

    Raises:
        TrainError: names the first fault.
    """
    for number, pair in enumerate(pairs, start=1):
        where = f"pair audit: pair {number}"
        for side in ("chosen", "rejected"):
            _demand_end(pair[side], eos, where, f"its {side} answer")
        if pair["chosen"]["answer"] == pair["rejected"]["answer"]:
            what = "both its answers become the same tokens"
            raise TrainError(where, what, "does the chat template render a call's arguments?")
    rows = [row for pair in pairs for row in (pair["chosen"], pair["rejected"])]
    lengths = [len(row["prompt"]) + len(row["answer"]) for row in rows]
    return PairAudit(
        pairs=len(pairs),
        tokens=sum(lengths),
        trained=sum(len(row["answer"]) for row in rows),
        longest=max(lengths),
        prompt_text=pairs[0]["chosen"]["asked"],
        chosen_text=pairs[0]["chosen"]["answered"],
        rejected_text=pairs[0]["rejected"]["answered"],
    )


@dataclass(frozen=True)
class LabelAudit:
    """The counts of an audit in which every labelled answer passed.

    Args:
        good: answers labelled good.
        bad: answers labelled bad.
        tokens: of all rows together.
        trained: tokens of the answers.
        longest: tokens of the longest row.
        prompt_text: the prompt of one row, decoded.
        good_text: a good answer.
        bad_text: a bad answer; of another row.
    """

    good: int
    bad: int
    tokens: int
    trained: int
    longest: int
    prompt_text: str
    good_text: str
    bad_text: str

    @property
    def what(self) -> str:
        """How many answers there are, in words."""
        return f"{self.good} good and {self.bad} bad answers"

    @property
    def shown(self) -> dict[str, str]:
        """Texts of a good and of a bad answer, by what they are."""
        return {
            "prompt of one answer": self.prompt_text,
            "good": self.good_text,
            "bad, of another prompt": self.bad_text,
        }


def audit_labelled(
    rows: Sequence[Mapping[str, Any]], labels: Sequence[bool], eos: int
) -> LabelAudit:
    """Check that every answer ends its turn; return the counts.

    Args:
        rows: {"completion": {"prompt", "answer", "asked", "answered"}}, as serving renders them.
        labels: true for a good answer; at least one of each.
        eos: id of the end-of-turn token.

    Raises:
        TrainError: names the first fault.
    """
    answers = [row["completion"] for row in rows]
    for number, answer in enumerate(answers, start=1):
        _demand_end(answer, eos, f"label audit: row {number}", "its answer")
    good, bad = answers[labels.index(True)], answers[labels.index(False)]
    lengths = [len(one["prompt"]) + len(one["answer"]) for one in answers]
    return LabelAudit(
        good=sum(labels),
        bad=len(labels) - sum(labels),
        tokens=sum(lengths),
        trained=sum(len(one["answer"]) for one in answers),
        longest=max(lengths),
        prompt_text=good["asked"],
        good_text=good["answered"],
        bad_text=bad["answered"],
    )


@dataclass(frozen=True)
class PromptAudit:
    """The counts of prompts whose answers are still to be written.

    Args:
        prompts: number of prompts.
        tokens: of all prompts together.
        trained: 0: what is learned is not written yet.
        longest: tokens of the longest prompt with the longest answer allowed.
        prompt_text: one prompt, decoded.
    """

    prompts: int
    tokens: int
    trained: int
    longest: int
    prompt_text: str

    @property
    def what(self) -> str:
        """How many prompts there are, in words."""
        return f"{self.prompts} prompts"

    @property
    def shown(self) -> dict[str, str]:
        """One prompt, by what it is."""
        return {"one prompt": self.prompt_text}


def audit_prompts(asked: Sequence[Mapping[str, Any]], room: int) -> PromptAudit:
    """Return the counts of prompts.

    Args:
        asked: {"prompt": token ids, "asked": text}, as serving renders them.
        room: tokens of the longest answer allowed.
    """
    lengths = [len(one["prompt"]) for one in asked]
    return PromptAudit(len(asked), sum(lengths), 0, max(lengths) + room, asked[0]["asked"])


def _demand_end(answer: Mapping[str, Any], eos: int, where: str, whose: str) -> None:
    if answer["answer"][-1:] != [eos]:
        what = f"{whose} does not end with the model's end-of-turn token"
        hint = "does the chat template end a turn with the tokenizer's eos_token?"
        raise TrainError(where, what, hint)
