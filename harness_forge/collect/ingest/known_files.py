"""A file that is known again: by the digest of what it holds, whatever it is called.

A file that has grown since begins as it did, so it has the note that it had. What the
mapping takes from its name counts too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from harness_forge.collect.sources import files
from harness_forge.collect.sources.mapping import Templates
from harness_forge.collect.sources.outcomes_file import beside
from harness_forge.collect.sources.shaping import is_read_by_format
from harness_forge.config.source import JSON_FILES, SourceConfig
from harness_forge.core.errors import SourceError


@dataclass(frozen=True)
class KnownFile:
    """A file as the store knows it.

    Args:
        key: of its note; it holds the digest that the file had when it was first seen.
        digest: of what it holds now.
        size: of what it holds now, in bytes.
        named: the fields that the mapping takes from its name.
        stamp: what tells whether the file was written to since it was looked at.
        copy_of: where a file lay that held all of this one, byte for byte, under a name from
            which the mapping takes something else; '' for none.
    """

    key: str
    digest: str
    size: int
    named: dict[str, str]
    stamp: tuple[int, int, int]
    copy_of: str = ""


def known_file(config: SourceConfig, path: Path, notes: dict[str, dict[str, Any]]) -> KnownFile:
    """Return which file this is, whatever it is called and however much it has grown.

    Args:
        notes: those of the store.
    """
    stamp = _stamp(path)  # before its digest is made, so that no change goes unseen
    templates = Templates(config.mapping)
    named = templates.named_fields(templates.scope_of(path))
    own = {key: note for key, note in notes.items() if key.startswith(f"ingest/{config.name}/")}
    notes = {key: note for key, note in own.items() if _may_be(note.get("named") or {}, named)}
    seen = {
        digest: key.removeprefix("ingest/")
        for key, note in notes.items()
        for _, digest in note.get("versions", ())
    }
    known = [(size, digest) for note in notes.values() for size, digest in note.get("versions", ())]
    is_records = config.kind not in JSON_FILES or is_read_by_format(path, config)
    held = files.content(path, known, is_records)
    key = seen.get(held.digest) or seen.get(held.earlier or "")
    if key is None and held.size and (twin := _twin(own, held.digest, named)):
        return KnownFile(twin[0], held.digest, held.size, named, stamp, copy_of=twin[1])
    if key is None:
        both = json.dumps([held.digest, named], sort_keys=True)
        key = f"{config.name}/{hashlib.sha256(both.encode()).hexdigest()[:16]}"
    return KnownFile(key, held.digest, held.size, named, stamp)


def _twin(
    notes: dict[str, dict[str, Any]], digest: str, named: dict[str, str]
) -> tuple[str, str] | None:
    """Return key and place of a file that held the same under another name; None for none.

    Only where the plain name makes the difference, as in `{@stem} {@line}`: it tells copies
    apart and says nothing of their records. What a `name_pattern` finds, such as a model, does.
    """
    for key, note in notes.items():
        before = note.get("named") or {}
        renamed = {**before, "@stem": ""} == {**named, "@stem": ""}
        held = [one for _, one in note.get("versions", ())]
        if renamed and note.get("complete") and note.get("attempts") and digest in held:
            return key.removeprefix("ingest/"), str(note.get("source", ""))
    return None


def _may_be(before: dict[str, str], named: dict[str, str]) -> bool:
    """Return whether a note may be of this file.

    With other values it is of another file. With other fields the mapping was another, which
    `demand_same_mapping` refuses: as a new file its rows would be there twice.
    """
    return before == named or before.keys() != named.keys()


def demand_unchanged(path: Path, place: KnownFile) -> None:
    """Refuse a file that was rewritten or cut off while it was read; one that has grown is fine.

    Raises:
        SourceError: it no longer begins with what it held.
    """
    if _stamp(path) == place.stamp:
        return
    held = files.content(path, [(place.size, place.digest)], is_records=True)
    if place.digest not in (held.digest, held.earlier):
        raise SourceError(
            str(path),
            "was changed while it was read, so what was read of it may be of two files",
            "take it in with source.again=true when nobody writes to it",
        )


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError as error:
        said = error.strerror
        raise SourceError(str(path), f"cannot be read: {said}", "was it removed?") from None
    return found.st_ino, found.st_size, found.st_mtime_ns


def demand_same_mapping(path: Path, config: SourceConfig, state: dict[str, Any]) -> None:
    """Refuse a file that was taken in otherwise.

    Raises:
        SourceError: its rows are there, made by another mapping.
    """
    if state and state["mapping"] != mapping_digest(config, path):
        raise SourceError(
            str(path),
            "was taken in with another mapping or other outcomes, and its rows are as that said",
            "source.again=true takes those rows out and reads it anew",
        )


def mapping_digest(config: SourceConfig, path: Path) -> str:
    """Return a digest of what makes a line of a file what it becomes.

    Defaults do not count, so a key that a newer forge knows changes nothing.
    """
    said, usual = asdict(config), asdict(SourceConfig())
    mapping = {
        key: value for key, value in said.pop("mapping").items() if value != usual["mapping"][key]
    }
    rest = {key: said[key] for key in _SHAPING if said[key] != usual[key]}
    if config.outcomes.file:
        rest["outcomes_digest"] = files.content(beside(config.outcomes.file, path)).digest
    text = json.dumps([rest, mapping], sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_SHAPING = (
    *("name", "kind", "layout", "format", "group", "explode", "records"),
    *("outcomes", "tools_file", "observed_tools"),
)
"""Settings that change what a line becomes, besides the mapping."""


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else str(value)
