"""OpenHands' `output.jsonl`: one try at one instance a line, as events of both forms.

Where `llm_completions/INSTANCE/` lies beside the file, answers are read from there: exactly
what was sent and answered. From events an answer is the model's own message, of which each
action keeps a copy; what it was shown is put together of the events before it, so that
notes which OpenHands adds to an observation are not in it.
Kept: system prompt and tools where an event has them, messages, thoughts, calls, results,
errors; what a condensation forgot is not shown to later answers. The outcome is
`test_result.report.resolved`.
Not kept: actions without the model's words (`not_as_said`); delegates' own events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats.beside import json_beside
from harness_forge.collect.sources.formats.conversation import Conversation, ModelAnswer
from harness_forge.collect.sources.formats.openhands_events import Events
from harness_forge.collect.sources.formats.reading import Format, each
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.templates import Misfit
from harness_forge.core.chat.usage import token_kinds


def _fits(record: Mapping[str, Any]) -> bool:
    return "instance_id" in record and isinstance(record.get("history"), list)


def _conversations(record: Mapping[str, Any], path: Path) -> Iterable[Conversation | LeftOut]:
    if not _fits(record):
        raise Misfit("no instance_id and history in it, so it is no OpenHands output")
    item = str(record["instance_id"])
    events = Events()
    for one in record["history"]:
        # Before 2025 an action and its observation were a pair.
        for event in one if isinstance(one, list) else [one]:
            if reason := events.take(event):
                yield LeftOut(0, reason)
    events.end()
    sent = _completions(path.parent / "llm_completions" / item.replace("/", "__"))
    yield Conversation(
        item=item,
        model=_model(record),
        attempt=record.get("attempt") if isinstance(record.get("attempt"), int) else None,
        answers=sent or events.transcript.answers,
        tools=events.tools,
        outcome=_resolved(record),
        extra={"error": record.get("error")},
    )


def _completions(folder: Path) -> list[ModelAnswer]:
    """Return the answers of an instance's calls, in their order."""
    found = []
    for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            call = json_beside(file)
            choice = call["response"]["choices"][0]
            used = call["response"].get("usage") or {}
            settings = call.get("kwargs") or call.get("args") or {}
            answer = ModelAnswer(
                shown=call["messages"],
                said=choice["message"],
                model=call["response"].get("model"),
                tools=settings.get("tools"),
                finish_reason=choice.get("finish_reason"),
                started_at=call.get("timestamp"),
                prompt_tokens=used.get("prompt_tokens"),
                completion_tokens=used.get("completion_tokens"),
                **token_kinds(used),
            )
        except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            said = f"{file.name} of llm_completions is no call of a model"
            raise Misfit(f"{said}: {type(error).__name__}") from None
        found.append((str(call.get("timestamp")), file.name, answer))
    return [answer for *_, answer in sorted(found, key=lambda one: one[:2])]


def _model(record: Mapping[str, Any]) -> str | None:
    metadata = record.get("metadata")
    for key in ("llm_config", "llm"):
        inner = metadata.get(key) if isinstance(metadata, Mapping) else None
        if isinstance(inner, Mapping) and isinstance(inner.get("model"), str):
            return inner["model"]
    return None


def _resolved(record: Mapping[str, Any]) -> Any:
    """Return what the report says; a record with an error of the harness has no verdict."""
    tested = record.get("test_result")
    tested = tested if isinstance(tested, Mapping) else {}
    report = (
        tested.get("report") if isinstance(tested.get("report"), Mapping) else record.get("report")
    )
    if not isinstance(report, Mapping) or report.get("error_eval"):
        return None
    return report.get("resolved")


FORMAT = Format("openhands", "OpenHands output", _fits, each(_conversations))
