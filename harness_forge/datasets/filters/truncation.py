"""Rejects answers that were truncated, by a model's limit or by a harness."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness_forge.config.filters import TruncationConfig
from harness_forge.core import jsontext
from harness_forge.datasets.filters.candidate import Candidate, content_of

_LIMIT = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
"""Finish reasons of an answer that ran into its token limit, across servers."""

_AT_END = 80
"""Characters at the end of a text in which a note of truncation is looked for."""

_NOTE = re.compile(
    r"[\[(<{]\s*(?:\.\.\.|…)?\s*(?:(?:tool|output|text|response|content|message|result)s?\s+)?"
    r"(?:was\s+|were\s+|is\s+)?truncated\b|\(?\b\d+ (?:more )?(?:characters|chars|bytes|lines)"
    r" (?:truncated|omitted|elided)"
)

_PAYLOAD = re.compile(r"\s*(?:\{\s*\"\w|\[\s*\{)")
"""How JSON begins where it is meant; shell has braces and brackets of its own."""

_ANNOUNCED = ("TIPS_JSON:", "```json\n")
"""Announcements of JSON at the start of a line."""

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


def judge(candidates: Sequence[Candidate], config: TruncationConfig) -> list[str | None]:
    """Return `truncation` for each candidate that was truncated."""
    writers, lengths = tuple(config.writers), frozenset(config.cut_lengths)
    receipts = config.receipts

    def cut(row: Candidate) -> bool:
        if row.finish_reason is not None and row.finish_reason.lower() in _LIMIT:
            return True
        if (row.writer or "").startswith(writers) and any(
            len(part) in lengths for part in row.strings
        ):
            return True
        said = [row.text, *map(content_of, row.messages)]
        for receipt in receipts:
            for text in said:
                if receipt in text:
                    return True
        fenced = "```" in row.text or "~~~" in row.text
        quoted = '"' in row.text
        return any(_ends_early(part, fenced, quoted) for part in row.strings)

    return ["truncation" if cut(row) else None for row in candidates]


def _ends_early(text: str, fenced: bool, quoted: bool) -> bool:
    end = text[-_AT_END:].lower()
    if ("trunc" in end or "omit" in end or "elided" in end) and _NOTE.search(end):
        return True
    return (fenced and _fence_open(text)) or (quoted and '"' in text and _json_open(text))


def _fence_open(text: str) -> bool:
    """Return whether a code fence is left open, by CommonMark's rules."""
    opened = ""
    for mark in _FENCE.finditer(text):
        fence = mark[1]
        if not opened:
            opened = fence
        elif fence[0] == opened[0] and len(fence) >= len(opened):
            opened = ""
    return bool(opened)


def _json_open(text: str) -> bool:
    """Return whether JSON in the text is incomplete.

    Broken JSON is another fault: only brackets that never close are cut. A
    cut is at the end, so of several announcements the last one tells.
    """
    starts = {0}
    for word in _ANNOUNCED:
        place = text.rfind(word)
        if place == 0 or (place > 0 and text[place - 1] == "\n"):
            starts.add(place + len(word))
    return any(_PAYLOAD.match(text, start) and _runs_out(text, start) for start in starts)


_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|"|[{}\[\]]', re.DOTALL)


def _runs_out(text: str, start: int) -> bool:
    try:
        jsontext.loads(text[start:])
    except ValueError:
        pass
    else:
        return False
    depth = 0
    for token in _TOKEN.finditer(text, start):
        mark = token[0]
        if mark == '"':
            return True
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
            if depth == 0:
                return False
    return depth > 0
