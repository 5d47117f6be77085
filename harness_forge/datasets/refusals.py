"""Errors for datasets that nothing can be trained on, with remedies."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness_forge.core.errors import ExportError
from harness_forge.datasets.request import ExportPart, ExportReport, ExportRequest
from harness_forge.datasets.sql import reading

_REMEDIES = {
    "no_counterpart": "pairs need a pass and a failure of one item",
    "prompt_mismatch": "passes and failures answered different prompts, so they are no pairs",
    "evaluation_run": "evaluation runs are never exported: run with run.purpose=collect",
    "held_out": "held-out items are never exported, whatever the recipe says",
    "held_out_elsewhere": "another skill of this dataset keeps these items for measuring",
    "asks_what_validation_asks": "another item asks nearly the same and is kept for validation",
    "no_split": "items get a split when `forge run` found that they can be judged, recorded ones"
    " at the end of `forge ingest`",
    "contaminated": "rows contain text of held-out items: the ledger names them",
    "over_share": "anchors are a share of lines that models gave, and there are too few of those:"
    " attempt items with a model, take in more records, or raise export.anchor_share",
    "no_consent": "forge ingest source=… path=… source.consent=granted says it of a source, also of"
    " files that were taken in before",
    "row_too_long": "raise train.sequence_length, or set filters.row_too_long.max_tokens",
    "unheld_tools": "this format has no room for tools: format=sft or format=sharegpt has",
    "contradictory_outcome": "the same answer to the same prompt passed in one attempt, failed in"
    " another: is something that tells them apart not read? `forge ingest --dry-run` says what of"
    " messages nothing reads",
    "orphan_result": "results of tools answer no call: are the calls in a field that no key of the"
    " mapping names? `forge ingest --dry-run` says which; then"
    " source.mapping.message_keys.FIELD=tool_calls, with source.again=true",
    "unanswered_call": "a call has no result before the next message: is the result's role a word"
    " that was taken for another? source.mapping.roles.WORD=tool, with source.again=true",
    "unknown_call_form": "calls are in no form that is known: `forge ingest --dry-run` shows one;"
    ' docs/records.md, "Forms of calls", says which are read and how others are converted',
    "unheld_turns": "this format has no room for several turns: format=sft or format=sharegpt has",
}
_OF_RECORDS = {
    "no_verdict": "no outcome was recorded: source.mapping.outcome says where it is;"
    " export.require.no_verdict=null export.require.not_passed=null learns from all rows",
    "no_tool_call": "answers make no call: texts are learned with"
    " role=agent export.params.agent=NAME",
    "unknown_tool": "calls are learned of tools that were offered only: source.mapping.tools,"
    " source.tools_file or source.observed_tools=true says which, with source.again=true",
    "other_prompt": "these rows were made under another prompt.context: name theirs to export"
    " them (prompt.context=none or prompt.context=description), or make rows of this one with"
    " `forge run policy=gold`",
}
"""Remedies that say more than the condition does."""
_ROLES = ("agent", "architect", "auditor", "reflector", "worker")
_NOT_ANSWERS = "not_decisive"
_AFTER_ALL = ("over_share", "unheld_tools", "unheld_turns")
"""What rows were rejected for that would have been kept, so it is what to change first."""


def demand_rows(
    report: ExportReport, parts: Sequence[ExportPart], connection, request: ExportRequest
) -> None:
    """Refuse a dataset without rows; a single part without rows is allowed.

    Raises:
        ExportError: with the roles that there are.
    """
    if not report.read:
        raise ExportError(
            str(report.path),
            f"no rows of role '{request.role}' in skill '{request.skill}'",
            _what_there_is(connection, parts, request),
        )


def _what_there_is(connection, parts: Sequence[ExportPart], request: ExportRequest) -> str:
    found, agents = {}, []
    for skill in dict.fromkeys(part.skill for part in parts):
        reading.enter(connection, skill)
        counted = connection.execute(
            "SELECT agent, count(*) FROM turns GROUP BY agent ORDER BY agent"
        ).fetchall()
        agents += [agent for agent, _ in counted]
        if counted:
            found[skill] = ", ".join(f"{role} ({count})" for role, count in counted)
    if not found:
        does = (
            "attempts a skill that has an environment, forge ingest takes in what others recorded"
        )
        does = "takes records in" if request.filled_by.startswith("forge ingest") else does
        return f"nothing is there yet: {request.filled_by} {does}"
    listed = "; ".join(f"{skill}: {roles}" for skill, roles in found.items())
    listed = found[request.skill] if [request.skill] == list(found) else listed
    if any(part.config.params.get("agent") in agents for part in parts):
        return f"turns are here ({listed}), but export.sql of this format reads none of them"
    return f"roles with turns here: {listed}{_by_name(agents)}"


def _by_name(agents: Sequence[str]) -> str:
    """Return how the turns of agents are exported that no role is named after."""
    name = next((one for one in agents if one not in _ROLES), None)
    if name is None:
        return ""
    shown = name if re.fullmatch(r"\w[\w-]*", name) else repr(name)
    return f"; role=agent export.params.agent={shown} exports those of an agent by its name"


def demand_training_rows(report: ExportReport, parts: Sequence[ExportPart]) -> None:
    """Refuse a dataset without training rows; name the condition that rejected most.

    Raises:
        ExportError: no line is for training.
    """
    if report.examples["train"]:
        return
    reasons = ", ".join(f"{reason} {count}" for reason, count in report.rejected.items())
    raise ExportError(
        str(report.path),
        f"nothing to train on: {report.read} rows read, {report.kept} kept "
        f"({report.examples['validation']} for validation), rejected: {reasons or 'none'}",
        _which_condition(report, parts),
    )


def _which_condition(report: ExportReport, parts: Sequence[ExportPart]) -> str:
    if not report.rejected:
        return "every kept row is for validation: it takes more items"
    # A conversation has many turns that are not its answer: that they are none says nothing.
    top = next((reason for reason in report.rejected if reason != _NOT_ANSWERS), _NOT_ANSWERS)
    top = next((reason for reason in _AFTER_ALL if reason in report.rejected), top)
    if top in _OF_RECORDS:
        return _OF_RECORDS[top]
    for part in parts:
        if top in part.config.require:
            condition = " ".join(str(part.config.require[top]).split())
            return f"most fell to {part.key}.require.{top}: {condition}"
    said = _REMEDIES.get(top)
    if not (earlier := report.rejected.get(_NOT_ANSWERS, 0)):
        return said or f"most rows were rejected as {top}: see docs/datasets.md"
    # These may be the most, and the hint must not say otherwise.
    answers = f"{earlier} rows are earlier turns of attempts; of the others most are {top}"
    return f"{answers}: {said or 'see docs/datasets.md'}"
