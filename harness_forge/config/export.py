"""Settings of an export: which rows are read, which are kept, and as what.

The SQL is part of the recipe and stays in sight: it is printed by `--cfg` and
copied into the manifest of every dataset it made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from harness_forge.core.chat.canonical_choices import LateSystem, ParallelCalls, Reasoning
from harness_forge.core.errors import ConfigError


class ExportKind(Enum):
    """What rows become."""

    sft = "sft"  # one example a row
    dpo = "dpo"  # pairs of a passing and a failing answer to the same prompt
    kto = "kto"  # one answer a row, called good or bad
    grpo = "grpo"  # one prompt each, with what an evaluator needs to judge answers


class RequiredConsent(Enum):
    """Whose rows may be learned from."""

    any = "any"
    granted = "granted"  # of sources whose consent is granted, and of forge's own runs


class AnswerKind(Enum):
    """What an answer must be to be learned from."""

    tool_call = "tool_call"  # exactly one call of an offered tool
    text = "text"
    message = "message"  # a text, a call or several, as the agent chose
    none = "none"  # not read: the prompt is what counts


@dataclass(frozen=True)
class SelectConfig:
    """Which rows are wanted, besides what the recipe requires.

    Each key that is set is a condition on a column of the recipe's SQL, its
    value bound by the server. A row that fails it is rejected with a reason
    of its own, so the ledger still holds every row. Unset keys ask nothing.

    Args:
        policy: who acted, as `runs.policy` has it; the word before a colon is
            enough: `[model]` is every model. Reason `other_policy`.
        model: names of the models that answered. Reason `other_model`.
        run: ids of runs. Reason `other_run`.
        min_value: lowest outcome, 0 to 1. Reason `low_value`.
        max_value: highest outcome, 0 to 1. Reason `high_value`.
        min_confidence: lowest confidence in the outcome, 0 to 1. Reason
            `low_confidence`.
        min_attempt: lowest attempt number within run and item, from 1. Reason
            `early_attempt`.
        max_attempt: highest; 1 keeps first tries. Reason `late_attempt`.
        since: first date or time of a run's start, such as 2026-11-01. Reason
            `too_old`.
        until: date or time before which a run has started. Reason `too_new`.
    """

    policy: list[str] = field(default_factory=list)
    model: list[str] = field(default_factory=list)
    run: list[str] = field(default_factory=list)
    min_value: float | None = None
    max_value: float | None = None
    min_confidence: float | None = None
    min_attempt: int | None = None
    max_attempt: int | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True)
class JudgedConfig:
    """Whether the scores of `forge judge` say which answers are better, for want of verdicts.

    A row without a score is `unscored`, one between the two bounds `judged_between`, and where
    only good answers are learned a bad one is `judged_bad`. Its evaluator is then `judge`.

    Args:
        good: an answer is good from this score on, 0 to 1; null asks the evaluator's verdict.
        bad: and bad up to this one.
    """

    good: float | None = None
    bad: float = 0.3

    def __post_init__(self) -> None:
        if self.good is not None and not 0 <= self.bad < self.good <= 1:
            what = f"must lie above bad, both from 0 to 1: good {self.good}, bad {self.bad}"
            raise ConfigError("export.judged.good", what)


@dataclass(frozen=True)
class ExportConfig:
    """One export.

    Every row that `sql` reads ends in the ledger: kept, or rejected with the
    name of the first entry of `require` that is not true for it.

    Args:
        name: the dataset's folder under `data_dir`.
        kind: sft, dpo, kto or grpo.
        answer: tool_call, text, message (either of them) or, for grpo, none.
        sql: one SELECT over the documented views; docs/datasets.md lists the
            columns it must return. Values come in as `%(name)s`.
        params: values bound to the names in `sql` and `require`.
        order_by: what fixes the order of the rows, such as `turn_id`; for dpo
            and kto the rows of an item must come together.
        select: which rows are wanted: who acted, when, how it went.
        where: one more SQL condition over the columns of `sql`, its values
            from `params`; a row that it is not true for is `not_selected`.
        consent: any takes rows whatever their source said; granted rejects those of
            sources without `source.consent=granted` as `no_consent`. Rows of forge's own
            runs have no source and are kept.
        require: reason to SQL condition, asked in this order. null or true
            switches an entry off.
        include_fallback: keep rows with the content's own remediation as the answer.
        max_pairs_per_item: dpo only: at most this many pairs of one item.
        parallel_calls: keep answers with several calls, in their order, or reject
            them as `several_calls`; `answer=tool_call` takes exactly one anyway.
        reasoning: leave_out what a model thought before it answered, or learn it
            in the answer's `reasoning_content`; that of earlier answers is left out.
        late_system: reject a prompt with a system message behind the first user's
            as `late_system`, let the user say it, or keep it.
        judged: take a judge's scores in place of verdicts.
        anchor_share: at most this share of the lines, 0 up to 1, has an answer to
            learn that no model gave; rows of models must then come first. null
            ignores who answered. sft and dpo only.
        across_prompts: dpo of texts only: also pair answers of one item to
            different prompts, under the prompt of the better one.
    """

    name: str = "???"
    kind: ExportKind = ExportKind.sft
    answer: AnswerKind = AnswerKind.tool_call
    sql: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    order_by: str = ""
    select: SelectConfig = field(default_factory=SelectConfig)
    where: str | None = None
    consent: RequiredConsent = RequiredConsent.any
    require: dict[str, str | None] = field(default_factory=dict)
    include_fallback: bool = False
    max_pairs_per_item: int = 4
    parallel_calls: ParallelCalls = ParallelCalls.keep
    reasoning: Reasoning = Reasoning.leave_out
    late_system: LateSystem = LateSystem.reject
    judged: JudgedConfig = field(default_factory=JudgedConfig)
    anchor_share: float | None = None
    across_prompts: bool = False
