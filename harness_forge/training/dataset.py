"""Checks a dataset before a training starts: is it complete, and can it be trained on?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.core import stale_mark
from harness_forge.core.dataset_files import MANIFEST, datasets_in, manifest_digest
from harness_forge.core.errors import TrainError

_NAMED = 5
"""Datasets that a remedy names."""


@dataclass(frozen=True)
class TrainingRows:
    """A dataset folder's rows to train on.

    Args:
        rows: number of rows in `files`.
        digest: sha256 of the files, one after the other.
        manifest: sha256 of the manifest; '' if there is none.
        licences: of content quoted in the rows, by the manifest.
        skills: of the rows, and their `roles`; empty if the manifest does not
            say.
        contexts: the values of `prompt.context` that its rows were selected by.
        validation: rows that are also trained on; None if they are not.
    """

    folder: Path
    train: Path
    rows: int
    digest: str
    manifest: str
    licences: tuple[str, ...]
    skills: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    validation: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files with the rows to train on."""
        return (self.train, self.validation) if self.validation else (self.train,)

    @property
    def splits(self) -> list[str]:
        """The splits of the rows to train on."""
        return [path.stem for path in self.files]


def _others(folder: Path, fault: Callable[[Any], str], key: str) -> str:
    """Return the remedy where a folder holds no dataset: those of its kind beside it, by name."""
    known = [*datasets_in(folder.parent, "*"), *datasets_in(folder.parent, "*/*")]
    there = [str(one) for one in known if one != folder and _begins(one, fault)]
    if not there:
        return f"run `forge export`, or name another: {key}=DIR"
    several = f" or {', '.join(there[1:_NAMED])}" if there[1:] else ""
    several += ", …" if there[_NAMED:] else ""
    return f"name one that is there: {key}={there[0]}{several}; `forge export` writes one"


def _begins(folder: Path, fault: Callable[[Any], str]) -> bool:
    """Return whether a dataset's first row can be trained on."""
    try:
        with (folder / "train.jsonl").open("rb") as file:
            return not fault(json.loads(file.readline()))
    except (OSError, ValueError):
        return False


def read(
    folder: Path,
    fault: Callable[[Any], str] | None = None,
    *,
    refit: bool = False,
    key: str = "train.dataset",
) -> TrainingRows:
    """Read a dataset, and check that all training rows can be trained on.

    Args:
        fault: returns what is wrong with a row, '' if nothing is; None checks
            rows of supervised training.
        refit: take the validation rows too.
        key: of the setting that names another dataset.

    Raises:
        TrainError: there is none, it is empty or stale, or a row is not what it should be.
    """
    train = folder / "train.jsonl"
    if not train.is_file():
        for other in sorted(folder.glob("train.*")):
            what = f"is written as {other.name.partition('.')[2]}, and training reads JSON lines"
            raise TrainError(str(folder), what, "forge export format.extension=jsonl")
        raise TrainError(
            str(folder), "holds no dataset (no train.jsonl)", _others(folder, fault or _fault, key)
        )
    if told := stale_mark.says(folder):
        raise TrainError(str(folder), f"is stale: {told}")
    validation = folder / "validation.jsonl"
    files = (train, validation) if refit and validation.is_file() else (train,)
    counts = [sum(1 for _ in _rows(path, fault or _fault)) for path in files]
    if not counts[0]:
        hint = "what the export left out, and why, is in its ledger.jsonl"
        raise TrainError(str(train), "has no rows: there is nothing to train on", hint)
    manifest = folder / MANIFEST
    facts = json.loads(manifest.read_bytes()) if manifest.is_file() else {}
    return TrainingRows(
        folder=folder,
        train=train,
        rows=sum(counts),
        digest=sha256(b"".join(path.read_bytes() for path in files)).hexdigest(),
        manifest=manifest_digest(folder) if facts else "",
        licences=tuple(facts.get("licences", ())),
        skills=_values_of(facts, "skill"),
        roles=_values_of(facts, "role"),
        contexts=_contexts(facts),
        # An empty file changes nothing, so the adapter may still be judged on that split.
        validation=validation if sum(counts[1:]) else None,
    )


def write_ordered(files: Sequence[Path], out: Path) -> list[str]:
    """Write the rows of `files` into one file, in the order of their sha256.

    A dataset's lines stand in the order in which a store took the attempts in, and that hangs
    on which of two workers was faster. The same rows are to make the same batches everywhere.

    Returns:
        The place of each row, such as train.jsonl:12.
    """
    found = []
    for path in files:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                # A file written by hand may lack the end of its last line.
                text = line.rstrip(b"\r\n")
                found.append((sha256(text).digest(), text, f"{path.name}:{number}"))
    found.sort(key=lambda one: one[0])
    out.write_bytes(b"".join(text + b"\n" for _, text, _ in found))
    return [place for _, _, place in found]


def _values_of(facts: dict[str, Any], key: str) -> tuple[str, ...]:
    """Return the manifest's value of `key`, or that of each part."""
    return tuple(sorted({part[key] for part in _parts(facts) if part.get(key)}))


def _contexts(facts: dict[str, Any]) -> tuple[str, ...]:
    params = (part.get("settings", {}).get("params", {}) for part in _parts(facts))
    return tuple(sorted({one.get("prompt_context") for one in params} - {None}))


def _parts(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the manifests of a dataset's parts: its own where it has one part."""
    return facts.get("parts") or [facts]


def _rows(path: Path, check: Callable[[Any], str]) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            where = f"{path}:{number}"
            try:
                row = json.loads(line)
                fault = check(row)
            except ValueError as error:
                raise TrainError(where, f"is not JSON: {error}") from None
            if fault:
                raise TrainError(where, fault, "see docs/datasets.md for what a row holds")
            yield row


def _fault(row: Any) -> str:
    if not isinstance(row, dict):
        return "is not an object"
    messages = row.get("messages")
    if not isinstance(messages, list) or not messages:
        if "chosen" in row:
            return "is a preference pair; supervised training takes messages"
        return "has no messages"
    return conversation_fault(messages)


def conversation_fault(messages: list[Any]) -> str:
    """Return why a conversation cannot be trained on; '' if it can."""
    if not all(isinstance(message, dict) and "role" in message for message in messages):
        return "has a message without a role"
    answer = messages[-1]
    if answer["role"] != "assistant":
        return f"ends with the {answer['role']}, not with an answer"
    if not answer.get("content") and not answer.get("tool_calls"):
        return "ends with an empty answer"
    if answer.get("weight") == 0:
        return "ends with an answer that is not to be learned (weight 0)"
    return next((fault for fault in map(_message_fault, messages) if fault), "")


def _message_fault(message: dict[str, Any]) -> str:
    if message.get("weight") not in (None, 0, 1):
        return f"has a message of weight {message['weight']!r}: 0 is context, 1 is learned"
    for call in message.get("tool_calls") or ():
        try:
            json.loads(call["function"]["arguments"])
        except (KeyError, TypeError, ValueError):
            return f"has a call of the {message['role']} with arguments that are no text of JSON"
    return ""
