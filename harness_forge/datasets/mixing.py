"""Mixes general data into a dataset: sampled from a file, written and counted like any row.

It comes last, for its number follows from how many rows of ours train.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harness_forge.config.export import ExportKind
from harness_forge.core import jsontext
from harness_forge.core.errors import ExportError
from harness_forge.core.examples import Example
from harness_forge.core.records import Split
from harness_forge.datasets.cleaning import redactor_of
from harness_forge.datasets.export_batch import ExportBatch, Line, RowResult
from harness_forge.datasets.filters.building import build
from harness_forge.datasets.filters.mixing import ORIGIN, MixResult, draw
from harness_forge.datasets.formats.lines import FORMATS
from harness_forge.datasets.formats.unrepresentable import Unrepresentable
from harness_forge.datasets.kinds import sft
from harness_forge.datasets.ledger import Ledger
from harness_forge.datasets.prepare import PreparePlan
from harness_forge.datasets.request import Share, Treatment
from harness_forge.datasets.sql.rows import Answer, Prompt, Row, answer_of, prompt_of
from harness_forge.datasets.writer import DatasetWriter


class Mixed(NamedTuple):
    """The result of a mix-in.

    Args:
        share: rows and examples, as a part of the dataset.
        ledger: what its rows count for in the manifest.
        facts: what the manifest and the card say of it.
    """

    share: Share
    ledger: Ledger
    facts: dict[str, Any]


def check(kind: ExportKind, treatment: Treatment) -> None:
    """Check that the mix-in is possible, before any row is read.

    Raises:
        ExportError: the dataset has other than examples to learn from, or
            the file is not there.
    """
    filters = treatment.filters
    if filters is None or not filters.mix_in.enabled:
        return
    if kind is not ExportKind.sft:
        what = f"adds examples to learn from, and this is an export of kind {kind.value}"
        raise ExportError("filters.mix_in", what, "filters.mix_in.enabled=false")
    if not Path(filters.mix_in.path or "").is_file():
        raise ExportError("filters.mix_in.path", f"there is no file {filters.mix_in.path}")


def mix_in(
    plan: PreparePlan, train: int, writer_of: Callable[[Ledger, Share], DatasetWriter]
) -> Mixed | None:
    """Add general examples to the training examples; None where the mix-in is off.

    Args:
        plan: of the dataset's first part: its format, filters and redaction.
        train: training examples so far.
        writer_of: makes the writer that counts rows in a ledger and examples in a share.

    Raises:
        ExportError: the file is of no use.
    """
    filters = plan.treatment.filters
    if filters is None or not filters.mix_in.enabled:
        return None
    if plan.config.kind is not ExportKind.sft:
        what = (
            f"adds examples to learn from, and this is an export of kind {plan.config.kind.value}"
        )
        raise ExportError("filters.mix_in", what, "filters.mix_in.enabled=false")
    drawn = draw(filters.mix_in, train, seed=plan.treatment.seed, steps=_steps(plan))
    ledger, share = Ledger(ORIGIN), Share(ORIGIN, ORIGIN)
    writer, made = writer_of(ledger, share), _Writer(plan)
    for source, reason in drawn.rejected:
        writer.enter(ExportBatch((), (RowResult(_row(source), reason),)))
    for example in drawn.examples:
        writer.enter(made.of(example))
    ledger.read = drawn.read
    ledger.balance()
    share.read, share.kept, share.rejected = ledger.read, ledger.kept, ledger.reasons()
    return Mixed(share, ledger, _facts(drawn, ledger, filters.mix_in.share))


def notes(facts: Mapping[str, Any]) -> list[str]:
    """Return notes for the dataset's card about its general data."""
    kept, wanted = facts["rows"]["kept"], facts["wanted"]
    note = f"{kept} of the training examples are general data from a file"
    if kept < wanted:
        note += f", which had no more: the share of {facts['share']} asks for {wanted}"
    return [note]


def _facts(drawn: MixResult, ledger: Ledger, share: float) -> dict[str, Any]:
    return {
        "sha256": drawn.sha256,
        "share": share,
        "wanted": drawn.wanted,
        "rows": {"read": ledger.read, "kept": ledger.kept, "rejected": ledger.reasons()},
    }


def _steps(plan: PreparePlan):
    treatment = plan.treatment
    steps = build(treatment.filters, tokenizer=treatment.tokenizer, model=treatment.model)
    if plan.protected is not None:
        from harness_forge.datasets.decontamination.rows import CONTAMINATED, Contamination

        steps.append((CONTAMINATED, Contamination(plan.protected)))
    return steps


class _Writer:
    """Formats and redacts a sampled example as a line of the dataset."""

    def __init__(self, plan: PreparePlan) -> None:
        self._shape = FORMATS[plan.format]
        self._extra_keys = {"skill": ORIGIN, "role": ORIGIN} if plan.extra_keys else {}
        self._redactor = redactor_of(plan.treatment)

    def of(self, example: Example) -> ExportBatch:
        """Return the example's line, and what the ledger says of it."""
        prompt, answer, counts = self._redacted(example)
        row = _row(example.origin.source)
        try:
            shown = self._shape(sft.example(row, prompt, answer))
        except Unrepresentable as fault:
            return ExportBatch((), (RowResult(row, fault.args[0]),))
        line = Line(Split.TRAIN.value, jsontext.dumps({**shown, **self._extra_keys}))
        return ExportBatch((line,), (RowResult(row, None, (0,), counts),))

    def _redacted(self, example: Example) -> tuple[Prompt, Answer, Counter[str]]:
        asked, said, counts = list(example.prompt), [example.answer], Counter[str]()
        tools = list(example.tools)
        if self._redactor:
            shown, found = self._redactor.messages(asked)
            said, more = self._redactor.messages(said, after=asked)
            tools, offered = self._redactor.value(tools)
            asked, counts = shown, found + more + offered
        return prompt_of(asked, tools), answer_of(said[0]), counts


def _row(source: str) -> Row:
    return Row(
        source=source,
        run_id="",
        item_id="",
        family=ORIGIN,
        split=Split.TRAIN.value,
        policy=ORIGIN,
        origin=ORIGIN,
        evaluator="",
        eval_passed=True,
        outcome_value=1.0,
        reason=None,
        messages=None,
        tools=None,
        response=None,
        tool_call=None,
    )
