"""Turns that an agent gives one by one: kept in a file a day, and taken in from there.

The file is what counts. A turn is in it before anything is asked of the store or of a judge,
so that neither can lose it, and an agent need not wait for them.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg

from harness_forge.collect.ingest.ingest import ingest
from harness_forge.collect.ingest.request import IngestReport
from harness_forge.collect.sources.formats import eight_scores
from harness_forge.collect.sources.templates import Misfit
from harness_forge.config.schema import ForgeConfig
from harness_forge.core.chat import forms
from harness_forge.core.chat.faults import Malformed
from harness_forge.core.errors import SourceError
from harness_forge.core.files import append
from harness_forge.store.escaping import restored


@dataclass(frozen=True)
class GivenTurn:
    """One turn of an agent: what a model was shown, and what it answered.

    Args:
        session: of the agent; turns of a session are one run.
        turn: its place in the session, from 0.
        model: that answered.
        prompt: a text, or the messages in any known form.
        response: a text, or one message.
        tools: that were offered.

    Raises:
        SourceError: a part is missing or of another kind.
    """

    session: str
    turn: int
    model: str
    prompt: str | list[Any]
    response: str | Mapping[str, Any]
    tools: Any = None

    def __post_init__(self) -> None:
        for name in ("session", "model"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise _fault(name, f"must be a name, not {value!r}")
        if not isinstance(self.turn, int) or isinstance(self.turn, bool) or self.turn < 0:
            raise _fault("turn", f"must be a number from 0 on, not {self.turn!r}")
        try:
            forms.conversation(eight_scores.asked(self.prompt))
            said = forms.message(eight_scores.answered(self.response))
        except (Misfit, Malformed, RecursionError) as error:
            raise _fault("prompt or response:", str(error.args[0])) from None
        if not said.get("content") and not said.get("tool_calls"):
            raise _fault("response", "has neither words nor a call")

    @property
    def item(self) -> str:
        """The work item: turns that ask the same are tries at one."""
        return eight_scores.item_of(eight_scores.asked(self.prompt))

    @property
    def said(self) -> Mapping[str, Any]:
        """The answer as a message."""
        return eight_scores.answered(self.response)


SOURCES = ("kernel", "proxy")
"""Sources whose answers the judge is asked about: given turns, and what `forge proxy` captured."""
ASKED_DAYS = 7
"""Older runs with unscored turns are left to `forge judge`."""

_ASKED = """
SELECT t.id, t.run_id FROM turns t JOIN runs r ON r.id = t.run_id
WHERE r.config->'source'->>'name' = ANY(%s) AND r.purpose = 'collect' AND r.started_at > %s
  AND t.decisive
ORDER BY t.id
"""
_TAKEN_IN = """
SELECT max(a.created_at) FROM attempts a JOIN runs r ON r.id = a.run_id
WHERE r.config->'source'->>'name' = %s
"""
KEYS = tuple(GivenTurn.__dataclass_fields__)


def of_record(record: Any) -> GivenTurn:
    """Return the turn of a JSON object.

    Raises:
        SourceError: it is none, lacks a key or has one that is not known.
    """
    if not isinstance(record, Mapping):
        raise _fault("it", "is no JSON object")
    missing = [key for key in KEYS if key not in record and key != "tools"]
    unknown = [str(key) for key in record if key not in KEYS]
    if missing or unknown:
        lacks = f"lacks {', '.join(missing)}" if missing else ""
        knows = f"has unknown keys: {', '.join(unknown)}" if unknown else ""
        raise _fault("it", " and ".join(filter(None, (lacks, knows))))
    return GivenTurn(**record)


def folder(config: ForgeConfig) -> Path:
    """Return the folder of the turns of a config's skill."""
    return Path(config.forge_home) / "kernel" / config.skill.name


def keep(config: ForgeConfig, turn: GivenTurn) -> Path:
    """Append a turn to the file of the day and return its path.

    Raises:
        SourceError: it holds what JSON cannot.
        OSError: the file cannot be written; it is as it was.
    """
    now = datetime.now(UTC)
    path = folder(config) / f"{now:%Y-%m-%d}.jsonl"
    record = {
        "sessionId": turn.session,
        "turnIndex": turn.turn,
        "model": turn.model,
        "prompt": turn.prompt,
        "response": turn.response,
        "tools": turn.tools,
        "timestamp": now.isoformat(timespec="milliseconds"),
    }
    try:
        line = orjson.dumps(record)
    except TypeError as error:
        raise _fault("prompt, response or tools", f"is no JSON: {error}") from None
    append(path, line)
    return path


def take_in(config: ForgeConfig) -> IngestReport | None:
    """Bring kept turns into the store, each once; None where none was kept.

    Args:
        config: composed with `source=kernel`.

    Raises:
        SourceError, StoreError: as `ingest`; what was kept stays.
    """
    place = folder(config)
    if not place.is_dir():
        return None
    return ingest(replace(config, source=replace(config.source, path=str(place))))


def asked_about(connection: psycopg.Connection, now: datetime) -> Iterator[tuple[int, str]]:
    """Yield the turns, with their runs, that a judge is asked about: those of the last days."""
    since = now - timedelta(days=ASKED_DAYS)
    yield from connection.execute(_ASKED, [list(SOURCES), since])


def waiting(
    config: ForgeConfig, connection: psycopg.Connection | None, known: Container[str]
) -> int:
    """Return how many answers no judge was asked about yet.

    Args:
        connection: to the skill; None where there is none yet.
        known: keys of those that have a score, SKILL/RUN/TURN.

    Raises:
        OSError: the files of given turns cannot be read.
    """
    if connection is None:
        return _kept_since(config, None)
    skill, now = config.skill.name, datetime.now(UTC)
    found = ((turn, restored(run)) for turn, run in asked_about(connection, now))
    unscored = sum(f"{skill}/{run}/{turn}" not in known for turn, run in found)
    taken_in = connection.execute(_TAKEN_IN, [SOURCES[0]]).fetchone()[0]
    return unscored + _kept_since(config, taken_in)


def _kept_since(config: ForgeConfig, since: datetime | None) -> int:
    """Return how many turns were kept after a time; all where it is None."""
    count = 0
    for path in folder(config).glob("*.jsonl"):
        if since is not None and path.stem < f"{since.astimezone(UTC):%Y-%m-%d}":
            continue
        for line in path.read_bytes().splitlines():
            try:
                at = datetime.fromisoformat(orjson.loads(line)["timestamp"])
            except (ValueError, TypeError, KeyError):
                continue  # taking it in says what is wrong with it
            count += since is None or at > since
    return count


def _fault(part: str, what: str) -> SourceError:
    return SourceError("turn", f"{part} {what}", f"a turn has {', '.join(KEYS)}")
