"""Files of a format, read as an ingest reads them."""

from __future__ import annotations

import json
from dataclasses import replace

from harness_forge.collect.sources import trajectories
from harness_forge.collect.sources.records import LeftOut
from harness_forge.config.compose.engine import compose
from harness_forge.core.chat import parts


def read(path, source, **changes):
    """Return what `source=SOURCE` reads in a file."""
    config = compose(None, [f"source={source}", "skill=recorded"]).source
    return list(trajectories.read(path, replace(config, **changes)))


def attempts(path, source, **changes):
    """Return the attempts alone."""
    found = read(path, source, **changes)
    return [one for one in found if not isinstance(one, LeftOut)]


def left_out(path, source, **changes):
    """Return the reasons of what was left out, sorted."""
    found = read(path, source, **changes)
    return sorted(one.reason for one in found if isinstance(one, LeftOut))


def lines(path, *records):
    """Write records as JSON lines and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path


def whole(path, record):
    """Write one record over several lines and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1))
    return path


def words(message):
    """Return a message as `role: text`, and its calls as `name(arguments)`."""
    said = [f"{one['function']['name']}({one['function']['arguments']})" for one in
            message.get("tool_calls", ())]  # fmt: skip
    text = parts.apart(message).text or ""
    return f"{message['role']}: {' '.join([text, *said]).strip()}"


def told(turn):
    """Return what a turn was shown, and what it said."""
    return [*map(words, turn.messages)], words(turn.response)
