"""Files that were never seen, and what is guessed of them."""

import json

from harness_forge.collect.guess.guess import guess
from harness_forge.config.source import SourceConfig

ASKED = {"role": "user", "content": "Which shelf?"}
SAID = {"role": "assistant", "content": "The third."}


def guessed(tmp_path, *records, name="a.jsonl", mapped=(), **given):
    path = tmp_path / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return guess(path, SourceConfig("guessed", **given), dict(mapped))


def mapping(tmp_path, *records):
    return guessed(tmp_path, *records).settings["mapping"]
