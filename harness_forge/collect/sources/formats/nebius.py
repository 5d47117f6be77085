"""Trajectories in the form of Nebius' published sets: roles `ai`, words under `text`.

Kept: messages, the model, the outcome (`target`, `resolved`), marks of messages that are not
to be learned (`mask`).
Not kept: patches, logs of the evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats.conversation import Conversation
from harness_forge.collect.sources.formats.reading import Format, each
from harness_forge.collect.sources.templates import Misfit


def _fits(record: Mapping[str, Any]) -> bool:
    said = record.get("trajectory")
    return (
        "instance_id" in record
        and isinstance(said, list)
        and any(isinstance(one, Mapping) and "text" in one and "role" in one for one in said[:3])
    )


def _conversations(record: Mapping[str, Any], path: Path) -> Iterable[Conversation]:
    if not _fits(record):
        raise Misfit("no trajectory of roles and texts in it, so it is none of this form")
    yield Conversation(
        item=str(record["instance_id"]),
        model=record.get("model_name") or record.get("model"),
        messages=[_message(one) for one in record["trajectory"]],
        outcome=record.get("target", record.get("resolved")),
        extra={"exit_status": record.get("exit_status")},
    )


def _message(one: Any) -> Any:
    if not isinstance(one, Mapping):
        return one
    words = one.get("text") if one.get("text") is not None else one.get("system_prompt")
    mark = {"mask": one["mask"]} if one.get("mask") is not None else {}
    return {"role": one.get("role"), "content": words, **mark}


FORMAT = Format("nebius", "a Nebius-like trajectory", _fits, each(_conversations))
