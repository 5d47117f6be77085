"""Writes an evaluation: one file of metrics, and the answers item by item."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.core.chat.call_forms import HERMES
from harness_forge.core.files import whole_folder
from harness_forge.core.records import ToolCall
from harness_forge.evaluation.lmeval.answers import ScoredAnswer
from harness_forge.evaluation.lmeval.folder import Document
from harness_forge.rollouts.policies import parsing, prompts


@dataclass(frozen=True)
class SuiteResult:
    """One suite's report, its questions, the answers by label, and how calls are written."""

    report: dict[str, Any]
    documents: Sequence[Document]
    found: Mapping[str, Sequence[ScoredAnswer]]
    form: str = HERMES


def write(results: Mapping[str, SuiteResult], place: Path) -> dict[str, Any]:
    """Write items and metrics as drafts, move them into place, and return the metrics.

    The report of several suites has them under `suites`, and is itself that of
    the first suite, for readers that know one suite only.
    """
    reports = {name: result.report for name, result in results.items()}
    report = next(iter(reports.values()))
    if len(reports) > 1:
        report = report | {"suites": reports}
    with whole_folder(place) as draft:
        for name, result in results.items():
            _write_rows(result, draft / name if len(results) > 1 else draft)
        text = json.dumps(report, indent=2, allow_nan=False) + "\n"
        (draft / "metrics").write_text(text, encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        (draft / "metrics").replace(place.with_name(f"{place.name}.json"))
    return report


def _write_rows(result: SuiteResult, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    asked = {(one.skill, one.item_id): one for one in result.documents}
    for label, given in result.found.items():
        rows = [_row(asked[answer.skill, answer.item_id], answer, result.form) for answer in given]
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{label}.jsonl").write_text("".join(lines), encoding="utf-8")


def _row(document: Document, answer: ScoredAnswer, form: str) -> dict[str, Any]:
    row = {
        "skill": document.skill,
        "item_id": document.item_id,
        "title": document.title,
        "family": document.family,
        "group_key": document.group_key,
        "part": document.part,
        "answer": answer.answer,
        "finish_reason": answer.finish_reason,
        "scores": answer.scores,
    }
    if document.category:
        row["category"] = document.category
    if answer.infrastructure:
        row["infrastructure"] = True
    more = _script(document, answer, form) if document.tool else {"check": document.check}
    return row | more


def _script(document: Document, answer: ScoredAnswer, form: str) -> dict[str, Any]:
    """Return the fields that only an answer to a work item has."""
    message = {"role": "assistant", "content": answer.answer}
    try:
        call, failure = parsing.parse_message(message, answer.finish_reason, document.tools, form)
    except RecursionError:  # thousands of brackets
        call, failure = None, parsing.UNPARSABLE
    return {
        "targets": list(document.targets),
        "failure": failure,
        "script": _answer(document, call) if call else None,
    }


def _answer(document: Document, call: ToolCall) -> Any:
    """Return the script of a call, or what else it answers as one text."""
    if document.argument:
        return call.arguments.get(document.argument)
    return prompts.answer_text(call)
