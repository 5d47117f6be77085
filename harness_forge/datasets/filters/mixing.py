"""Samples general examples from a file, to prevent forgetting.

Replaying a little of earlier or general data is the plainest remedy for
forgetting (A. Robins, "Catastrophic forgetting, rehearsal and
pseudorehearsal", 1995). Every row of the file is accounted for: it is drawn,
or it has a reason.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from harness_forge.config.mixture import MixInConfig
from harness_forge.core import jsontext
from harness_forge.core.chat import canonical_answer, canonical_history
from harness_forge.core.chat.canonical_choices import LateSystem, Notes, Reasoning
from harness_forge.core.chat.faults import MessagesRefused
from harness_forge.core.chat.offer import ToolOffer
from harness_forge.core.chat.roles import role_of
from harness_forge.core.errors import ExportError
from harness_forge.core.examples import Example, RowSource
from harness_forge.datasets.filters.building import judge
from harness_forge.datasets.filters.candidate import Candidate, Filter

ORIGIN = "mix_in"
"""Policy, origin and family of a drawn row, in its line and on the card."""

_BATCH = 500


@dataclass(frozen=True)
class MixResult:
    """The result of a mix-in.

    Args:
        examples: in the order of the file.
        wanted: how many the share asks for; more than `examples` where the
            file has not enough.
        rejected: every other row, in order: its source and the reason, which
            is `unreadable` (no JSON, or no conversation in a known form that ends
            in an answer), a filter's, `duplicate` or `not_drawn`.
        sha256: of the file.
    """

    examples: Sequence[Example]
    wanted: int
    rejected: Sequence[tuple[str, str]]
    sha256: str

    @property
    def read(self) -> int:
        """Rows of the file; an empty line is none."""
        return len(self.examples) + len(self.rejected)


def wanted(train: int, share: float) -> int:
    """Return how many general examples make up `share` of all, given `train` of ours."""
    return round(train * share / (1 - share))


def draw(
    config: MixInConfig, train: int, *, seed: int, steps: Sequence[tuple[str, Filter]] = ()
) -> MixResult:
    """Sample as many general examples as the share requires.

    The file is streamed; held are the drawn examples, and 200 bytes of each row.
    The same rows in another order give the same draw.

    Args:
        train: our own training examples.
        seed: of the draw.
        steps: filters that a row must pass, that of what is kept for measuring
            among them.

    Raises:
        ExportError: the file cannot be read, or has no row that can be used.
    """
    path = Path(config.path or "")
    pool = _Pool(wanted(train, config.share), seed)
    digest, results = sha256(), list[tuple[str, str]]()
    rows = _rows(path, digest)
    while batch := list(islice(rows, _BATCH)):
        for row, reason in zip(batch, _reasons(batch, steps), strict=True):
            results.append((row.source, reason or pool.offer(row)))
    _demand(path, results)
    drawn = pool.drawn()
    taken = {example.origin.source for example in drawn}
    rejected = [result for result in results if result[0] not in taken]
    return MixResult(drawn, pool.size, rejected, digest.hexdigest())


class _Row(NamedTuple):
    source: str
    prompt: list[Mapping[str, Any]]
    tools: list[Mapping[str, Any]]
    answer: Mapping[str, Any] | None  # None for a row that is no example

    @property
    def digest(self) -> bytes:
        canonical = jsontext.dumps(self[1:], option=orjson.OPT_SORT_KEYS)
        return blake2b(canonical, digest_size=16).digest()


class _Pool:
    """The `size` rows with the smallest hashes: a sample that does not depend on the order."""

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self._key = str(seed).encode()[:64]
        self._seen: set[bytes] = set()
        self._heap: list[tuple[int, int, Example]] = []

    def offer(self, row: _Row) -> str:
        """Offer a row; return the reason why it is not in the sample."""
        digest = row.digest
        if digest[:8] in self._seen:
            return "duplicate"
        self._seen.add(digest[:8])
        rank = int.from_bytes(blake2b(digest, key=self._key, digest_size=8).digest(), "big")
        if len(self._heap) < self.size or (self._heap and -rank > self._heap[0][0]):
            entry = (-rank, len(self._seen), _example(row, digest.hex()))
            if len(self._heap) < self.size:
                heapq.heappush(self._heap, entry)
            else:
                heapq.heapreplace(self._heap, entry)
        return "not_drawn"

    def drawn(self) -> list[Example]:
        return [example for _, _, example in sorted(self._heap, key=lambda entry: entry[1])]


def _example(row: _Row, name: str) -> Example:
    source = RowSource(
        source=row.source,
        run_id="",
        item_id="",
        family=ORIGIN,
        split="train",
        policy=ORIGIN,
        origin=ORIGIN,
        evaluator="",
    )
    return Example(name, row.prompt, row.tools, row.answer, source)


def _rows(path: Path, digest) -> Iterator[_Row]:
    """Yield each row of the file; update `digest` with its bytes."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                digest.update(line)
                if line.strip():
                    yield _row(line, f"{path.name}:{number}")
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise ExportError(str(path), what, "filters.mix_in.path names it") from None


def _row(line: bytes, source: str) -> _Row:
    try:
        value = jsontext.loads(line)
        *asked, said = value["messages"]
        offered, notes = ToolOffer(value.get("tools")), Notes()
        shown = canonical_history.history(asked, offered, LateSystem.reject, notes)
        answer = canonical_answer.answer(said, offered, Reasoning.leave_out, notes)
        if role_of(said["role"]) != "assistant" or not shown:
            raise MessagesRefused("no_answer")
    except (ValueError, TypeError, KeyError, AttributeError, MessagesRefused):
        return _Row(source, [], [], None)
    filled = answer["content"] or answer.get("tool_calls")
    return _Row(source, shown, offered.tools, answer) if filled else _Row(source, [], [], None)


def _reasons(batch: Sequence[_Row], steps: Sequence[tuple[str, Filter]]) -> list[str | None]:
    readable = [row for row in batch if row.answer is not None]
    judged = iter(judge(steps, [Candidate(*row[1:]) for row in readable]))
    return ["unreadable" if row.answer is None else next(judged) for row in batch]


def _demand(path: Path, results: Sequence[tuple[str, str]]) -> None:
    reasons = Counter(reason for _, reason in results)
    if reasons["not_drawn"]:
        return
    listed = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()) if count)
    raise ExportError(
        str(path),
        f"has no general example: {len(results)} rows read, rejected: {listed or 'none'}",
        'a line is {"messages": [{"role": "user", "content": "…"}, '
        '{"role": "assistant", "content": "…"}]}',
    )
