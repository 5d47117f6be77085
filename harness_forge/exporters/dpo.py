"""Pairs of a better and a worse answer to one and the same prompt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from harness_forge.errors import ExportError
from harness_forge.exporters.anchors import Anchors
from harness_forge.exporters.config import AnswerKind, ExportConfig
from harness_forge.exporters.guard import Guard
from harness_forge.exporters.harvest import Fate, Harvest
from harness_forge.exporters.items import by_item
from harness_forge.exporters.marks import Marks
from harness_forge.exporters.rows import (
    Answer,
    Prompt,
    Row,
    Unusable,
    evidence_text,
    joint,
    measured_on,
    read_answer,
    read_prompt,
    source_of,
)
from harness_forge.records import PreferencePair


class _Said(NamedTuple):
    """A row that can be learned from, as it was read."""

    row: Row
    prompt: Prompt
    answer: Answer


@dataclass(slots=True)
class _Bucket:
    """Answers that may be compared, by digest of prompt and answer, in the order of the rows.

    Args:
        measured_on: the item that the verdicts were measured on; '' for the rows' own.
    """

    measured_on: str
    passed: dict[bytes, _Said] = field(default_factory=dict)
    failed: dict[bytes, _Said] = field(default_factory=dict)


Buckets = dict[tuple[bytes, str], _Bucket]


def pairs(
    rows: Iterable[Row], config: ExportConfig, guard: Guard, seen: Marks
) -> Iterator[Harvest]:
    """Yield a harvest of one item at a time; only one item's rows are held.

    Args:
        seen: digests of the pairs that the dataset holds already; it grows.

    Raises:
        ExportError: the rows of an item do not come together, or pairs across
            prompts are asked for where a prompt decides what is right.
    """
    if config.across_prompts and config.answer is not AnswerKind.text:
        raise ExportError(
            "export.across_prompts",
            "is for texts: a call is right or wrong under its own prompt only",
            "leave it false; answers to other prompts are counted as prompt_mismatch",
        )
    anchors = Anchors(config.anchor_share)
    for group in by_item(rows, "dpo"):
        yield _harvest(group, config, guard, seen, anchors)


def _harvest(
    rows: list[Row], config: ExportConfig, guard: Guard, seen: Marks, anchors: Anchors
) -> Harvest:
    buckets: Buckets = {}
    fates: list[Fate] = []
    usable: list[Row] = []
    for row in rows:
        try:
            _sort_in(row, buckets, config, guard)
            usable.append(row)
        except Unusable as fault:
            fates.append(Fate(row, fault.args[0]))
    reasons = _contradictions(buckets)
    reasons.update(_lonely(buckets))
    made = _Pairs(seen, anchors)
    made.pair_up(buckets, config.max_pairs_per_item)
    reasons.update(made.reasons)
    for row in usable:
        if row.source in made.used:
            fates.append(Fate(row, None, made.used[row.source]))
        else:
            fates.append(Fate(row, reasons[row.source]))
    order = {row.source: position for position, row in enumerate(rows)}
    return Harvest(made.pairs, sorted(fates, key=lambda fate: order[fate.row.source]))


def _sort_in(row: Row, buckets: Buckets, config: ExportConfig, guard: Guard) -> None:
    if row.reason is not None:
        raise Unusable(row.reason)
    guard.admit(row)
    prompt = read_prompt(row, config)
    answer = read_answer(row, config)
    measured = measured_on(row)
    key = (b"" if config.across_prompts else prompt.digest, measured)
    bucket = buckets.setdefault(key, _Bucket(measured))
    side = bucket.passed if row.eval_passed else bucket.failed
    mark = joint(prompt.digest, answer.digest)
    if mark in side:
        raise Unusable("duplicate")
    side[mark] = _Said(row, prompt, answer)


def _contradictions(buckets: Buckets) -> dict[str, str]:
    """Take out answers that both passed and failed: neither verdict can be learned from.

    Also where the two were measured on different items: the prompt does not
    say which.
    """
    passed = {mark for bucket in buckets.values() for mark in bucket.passed}
    failed = {mark for bucket in buckets.values() for mark in bucket.failed}
    reasons: dict[str, str] = {}
    for bucket in buckets.values():
        for side in (bucket.passed, bucket.failed):
            for mark in passed & failed & side.keys():
                reasons[side.pop(mark).row.source] = "contradictory_outcome"
    return reasons


def _lonely(buckets: Buckets) -> dict[str, str]:
    """Say why answers without a counterpart under their own prompt have none.

    `prompt_mismatch`: there is one, but it answered another prompt.
    """
    any_passed = {bucket.measured_on for bucket in buckets.values() if bucket.passed}
    any_failed = {bucket.measured_on for bucket in buckets.values() if bucket.failed}
    reasons: dict[str, str] = {}
    for bucket in buckets.values():
        for here, there, elsewhere in (
            (bucket.passed, bucket.failed, any_failed),
            (bucket.failed, bucket.passed, any_passed),
        ):
            if not there:
                known = bucket.measured_on in elsewhere
                reason = "prompt_mismatch" if known else "no_counterpart"
                reasons.update({said.row.source: reason for said in here.values()})
    return reasons


class _Pairs:
    """The pairs of one item.

    Args:
        seen: digests of the dataset's pairs; it grows.
        anchors: what answers of nobody's model have room.
    """

    def __init__(self, seen: Marks, anchors: Anchors) -> None:
        self.pairs: list[PreferencePair] = []
        self.used: dict[str, list[int]] = {}
        """By source, the pairs each row stands in."""
        self.reasons: dict[str, str] = {}
        """By source, why a row stands in no pair; of one that stands in some it is moot."""
        self._seen, self._anchors = seen, anchors

    def pair_up(self, buckets: Buckets, limit: int) -> None:
        """Make at most `limit` pairs, the failures nearest to passing first.

        Each failure is paired once, the passing answers of its prompt taking
        turns, so that a few pairs show many answers; then each once more, with
        the next answer, until every pass has met every failure. Anchors stand
        in only where no model passed.
        """
        for good, bad in self._meetings(buckets):
            if len(self.pairs) < limit:
                self._pair(good, bad)
                continue
            for said in (good, bad):
                self.reasons.setdefault(said.row.source, "over_limit")

    def _meetings(self, buckets: Buckets) -> Iterator[tuple[_Said, _Said]]:
        """Yield every pass with every failure of its prompt, round by round."""
        sides = [
            (self._chosen_from(bucket), sorted(bucket.failed.values(), key=_hardest_first))
            for bucket in buckets.values()
        ]
        rounds = max((len(passed) for passed, failed in sides if failed), default=0)
        for number in range(rounds):
            meetings = [
                (passed[(turn + number) % len(passed)], bad)
                for passed, failed in sides
                if number < len(passed)
                for turn, bad in enumerate(failed)
            ]
            yield from sorted(meetings, key=lambda meeting: _hardest_first(meeting[1]))

    def _chosen_from(self, bucket: _Bucket) -> list[_Said]:
        passed = list(bucket.passed.values())
        models = [said for said in passed if not self._anchors.is_anchor(said.row)]
        if not models or len(models) == len(passed) or not bucket.failed:
            return passed
        spare = (said.row.source for said in passed if self._anchors.is_anchor(said.row))
        self.reasons.update(dict.fromkeys(spare, "anchor_not_needed"))
        return models

    def _pair(self, good: _Said, bad: _Said) -> None:
        mark = joint(good.prompt.digest, good.answer.digest, bad.answer.digest)
        sources = good.row.source, bad.row.source
        if mark in self._seen:
            self.reasons.update(dict.fromkeys(sources, "duplicate"))
        elif not self._anchors.take(good.row):
            self.reasons.update(dict.fromkeys(sources, "over_share"))
        else:
            self._seen.add(mark)
            for source in sources:
                self.used.setdefault(source, []).append(len(self.pairs))
            self.pairs.append(_pair(mark, good, bad))


def _hardest_first(said: _Said) -> float:
    return -(said.row.outcome_value or 0.0)


def _pair(mark: bytes, good: _Said, bad: _Said) -> PreferencePair:
    return PreferencePair(
        mark.hex(),
        good.prompt.messages,
        good.prompt.tools,
        good.answer.message,
        bad.answer.message,
        source_of(good.row),
        source_of(bad.row),
        evidence_text(good.row),
        evidence_text(bad.row),
    )
