"""Prints a hash of every table that ingests of invented records fill, and of what they refuse.

    python tests/house/same_store.py > before.sha
    PYTHONPATH=/path/to/another/checkout python tests/house/same_store.py > after.sha

The records hold what readers and writers of texts differ in: NUL, half a surrogate pair,
integers of any length, floats with exponents, NaN, doubled keys, lines that are broken. Left out
are columns of times, and sums over them. `--keep FOLDER` leaves the rows themselves.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness_forge.collect.ingest.files import ingest
from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import ForgeError
from harness_forge.store.database import Store, open_store

NUMBER = 400
"""Records of a source; more than a batch of rows with their turns."""
_PLAIN = ("lantern", "ferry", "orchard", "pebble", "anchor", "ladder")
_WORDS = (*_PLAIN, "é", "漢", "\x00", "\ud800", "\u241b", "\\u0000")
_NUMBERS = (0, -1, 2**63, 2**64 + 1, 10**30, 1e16, 1e-7, 1.10, 0.5, float("nan"), True, None)
_TIMES = ("started_at", "created_at", "updated_at", "ended_at", "surveyed_at", "assigned_at", "ts")


def main() -> None:
    """Take every source in and print the hashes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path)
    keep = parser.parse_args().keep
    with (
        tempfile.TemporaryDirectory(prefix="forge-same-") as folder,
        open_store(None, Path(folder)) as store,
    ):
        for name, content in taken(store, Path(folder)):
            content = content.replace(folder.encode(), b"")
            print(f"{hashlib.sha256(content).hexdigest()}  {name}")
            if keep:
                (keep / name).parent.mkdir(parents=True, exist_ok=True)
                (keep / name).write_bytes(content)


def taken(store: Store, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each table, and of what was said, source by source."""
    for name, (words, lines) in SOURCES.items():
        path = folder / "records" / name / "log.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("".join(f"{line}\n" for line in lines(random.Random(name))))
        said = said_of(store, name, [*words, f"source.path={path}"], path.parent)
        yield f"{name}/said", said.encode("utf-8", "surrogatepass")
        yield from tables(store, name)


def said_of(store: Store, name: str, words: list[str], folder: Path) -> str:
    """Return the report of an ingest, or why it was refused."""
    config = compose(None, [*words, "skill=recorded", f"skill.name={name}"])
    store.upgrade(name)
    (folder / "outcomes.json").write_text(
        json.dumps({"passed": [f"task-{one}" for one in range(0, NUMBER, 3)]})
    )
    try:
        return repr(ingest(store.skill(name), config.source, config.split))
    except ForgeError as error:
        return f"{type(error).__name__}: {error}"


def tables(store: Store, schema: str) -> Iterator[tuple[str, bytes]]:
    """Yield the rows of each table of a schema, in order, without times."""
    listed = (
        "SELECT table_name, array_agg(format('%%I', column_name) ORDER BY ordinal_position)"
        " FROM information_schema.columns JOIN information_schema.tables USING (table_schema,"
        " table_name) WHERE table_schema = %s AND table_type = 'BASE TABLE'"
        " AND column_name <> ALL (%s) GROUP BY 1 ORDER BY 1"
    )
    with store.skill(schema).connect_read_only() as connection:
        found = connection.execute(listed, [schema, [*_TIMES, "row_hash"]]).fetchall()
        for table, columns in found:
            order = "id" if "id" in columns else ", ".join(columns[:2])
            query = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {order}"
            with connection.cursor().copy(f"COPY ({query}) TO STDOUT") as copy:
                yield f"{schema}/{table}", b"".join(map(bytes, copy))


def chat(draw: random.Random, number: int) -> dict[str, Any]:
    """A chat of several turns with tools, and odd things in texts and numbers."""

    def words(count: int) -> str:
        return " ".join(f"{draw.choice(_WORDS)}{draw.randrange(900)}" for _ in range(count))

    messages: list[Any] = [
        {"role": "system", "content": "You keep a yard in order."},
        {"role": draw.choice(["user", "human"]), "content": f"{number % 90}: {words(12)}"},
    ]
    for turn in range(draw.randrange(4)):
        arguments: Any = {"place": words(2), "count": draw.choice(_NUMBERS)}
        if draw.random() < 0.5:
            arguments = json.dumps(arguments, ensure_ascii=draw.random() < 0.5)
        function = {"name": "look", "arguments": arguments}
        call = {"id": f"c{turn}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": words(3), "tool_calls": [call]})
        content: Any = words(20)
        if draw.random() < 0.2:
            content = [{"type": "text", "text": content}]
        messages.append({"role": "tool", "tool_call_id": f"c{turn}", "content": content})
    if draw.random() < 0.9:
        thought = "<think>so</think>" if draw.random() < 0.2 else ""
        messages.append({"role": "assistant", "content": f"{thought}Done. {words(5)}"})
    made = {
        "task": f"task-{number % 90}",
        "family": f"yard{number % 4}",
        "trial": number // 90,
        "model": draw.choice(["a-7b", "b-7b"]),
        "messages": messages,
        "tools": [{"name": "look", "input_schema": {"properties": {"place": {"default": 1e16}}}}],
        "reward": draw.choice([0, 1, 1.0, "passed", None, True]),
        "info": {"number": draw.choice(_NUMBERS), "a.b": {"c": [1.10, "x"]}},
    }
    if draw.random() < 0.02:
        made["reward"] = draw.choice([7, "perhaps", [1]])
    return made


def chats(draw: random.Random) -> Iterator[str]:
    """Lines of chats, some of them broken."""
    for number in range(NUMBER):
        line = json.dumps(chat(draw, number), ensure_ascii=draw.random() < 0.9)
        line = line.encode("utf-8", "replace").decode()
        if number % 150 == 149:
            line = draw.choice([line[:-40], '{"task": 1, "task": 2}', "[" * 300 + "]" * 300, "7"])
        yield line


def grouped(draw: random.Random) -> Iterator[str]:
    """A message a line; sessions lie between each other."""
    for number in range(NUMBER):
        who = "machine" if number // 20 % 2 else "user"
        body = f"{draw.choice(_PLAIN)} {draw.randrange(999)}"
        yield json.dumps({"session": number % 20, "who": who, "body": body, "score": number % 2})


def nested(draw: random.Random) -> Iterator[str]:
    """Records that hold several tries in a list."""
    for number in range(NUMBER // 4):
        tries = [{**chat(draw, number), "reward": None} for _ in range(draw.randrange(4))]
        yield json.dumps({"suite": "s", "simulations": tries})


def session(draw: random.Random) -> Iterator[str]:
    """One session of Claude Code."""
    parent = None
    for number in range(60):
        role = "assistant" if number % 2 else "user"
        content: Any = f"{draw.choice(_PLAIN)} {number}"
        if role == "assistant":
            content = [{"type": "text", "text": content}]
            if number % 4 == 1:
                use = {"id": f"t{number}", "name": "Bash", "input": {"command": "ls", "n": 1e16}}
                content.append({"type": "tool_use", **use})
        elif number % 4 == 2:
            content = [{"type": "tool_result", "tool_use_id": f"t{number - 1}", "content": "a"}]
        message = {"role": role, "content": content, "id": f"m{number}", "model": "m"}
        line = {"type": role, "uuid": f"u{number}", "parentUuid": parent, "sessionId": "s"}
        yield json.dumps({**line, "timestamp": "2026-01-01T00:00:00Z", "message": message})
        parent = f"u{number}"


def spans(draw: random.Random) -> Iterator[str]:
    """Spans of OpenTelemetry, as its SDK writes them out."""
    for number in range(80):
        asked = [{"role": "user", "parts": [{"type": "text", "content": draw.choice(_PLAIN)}]}]
        said = [{"role": "assistant", "parts": [{"type": "text", "content": f"a {number}"}]}]
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "m",
            "gen_ai.input.messages": json.dumps(asked),
            "gen_ai.output.messages": json.dumps(said),
            "gen_ai.usage.input_tokens": number,
        }
        yield json.dumps(
            {
                "name": "chat m",
                "context": {"trace_id": f"0x{number // 4}", "span_id": f"0xs{number}"},
                "parent_id": None,
                "start_time": f"2026-01-01T00:00:{number % 60:02}Z",
                "status": {"status_code": "UNSET"},
                "attributes": attributes,
            }
        )


def traffic(draw: random.Random) -> Iterator[str]:
    """Requests and answers of a chat endpoint."""
    for number in range(NUMBER // 4):
        one = chat(draw, number)
        request = {"model": "m", "messages": one["messages"][:2], "tools": one["tools"]}
        choice = {
            "message": {"role": "assistant", "content": f"a {number}"},
            "finish_reason": "stop",
        }
        response = {"choices": [choice], "usage": {"prompt_tokens": number}}
        yield json.dumps({"request": request, "response": response, "session": f"s{number % 7}"})


_MAPPED = ("source=trajectories", "source.mapping.run='trial-{trial}'", "source.max_bad_share=1")
SOURCES = {
    "mapped": (_MAPPED, chats),
    "words": (
        (*_MAPPED, "source.mapping.title='{info.number}'", "source.mapping.digest='{info.a.b.c}'"),
        chats,
    ),
    "refused": (("source=trajectories",), chats),
    "grouped": (
        (
            "source=trajectories",
            "source.group='{session}'",
            "source.mapping.item='s{@group}'",
            "source.mapping.messages='{lines}'",
            "source.mapping.message_keys={who: role, body: content}",
            "source.mapping.roles={machine: assistant}",
            "source.mapping.outcome='{score}'",
        ),
        grouped,
    ),
    "exploded": (
        (
            *_MAPPED,
            "source.explode=simulations",
            "source.outcomes.file=outcomes.json",
            "source.outcomes.outcome='{passed}'",
            "source.observed_tools=true",
        ),
        nested,
    ),
    "dataset": (("source=dataset",), chats),
    "claude_code": (("source=claude_code",), session),
    "otel": (("source=otel",), spans),
    "traffic": (("source=openai_traffic",), traffic),
}
"""Name of a source to what config says of it, and its lines."""

if __name__ == "__main__":
    main()
