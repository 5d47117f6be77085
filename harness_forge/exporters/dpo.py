"""Pairs of a passing and a failing answer to one and the same prompt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from harness_forge.errors import ExportError
from harness_forge.exporters.config import ExportConfig
from harness_forge.exporters.guard import Guard
from harness_forge.exporters.harvest import Fate, Harvest
from harness_forge.exporters.rows import (
    Answer,
    Prompt,
    Row,
    Unusable,
    joint,
    read_answer,
    read_prompt,
    source_of,
)
from harness_forge.records import PreferencePair


@dataclass(slots=True)
class _Bucket:
    """The usable answers to one prompt, by digest, in the order of the rows."""

    prompt: Prompt
    passed: dict[bytes, tuple[Row, Answer]] = field(default_factory=dict)
    failed: dict[bytes, tuple[Row, Answer]] = field(default_factory=dict)


def pairs(
    rows: Iterable[Row], config: ExportConfig, guard: Guard, seen: set[bytes]
) -> Iterator[Harvest]:
    """Yield a harvest of one item at a time; only one item's rows are held.

    Args:
        seen: digests of the pairs that the dataset holds already; it grows.

    Raises:
        ExportError: the rows of an item do not come together.
    """
    done: set[str] = set()
    for item_id, group in groupby(rows, key=lambda row: row.item_id):
        if item_id in done:
            raise ExportError(
                "export.order_by",
                f"the rows of item '{item_id}' do not come together",
                "for dpo it must begin with item_id, such as `item_id, turn_id`",
            )
        done.add(item_id)
        yield _harvest(list(group), config, guard, seen)


def _harvest(rows: list[Row], config: ExportConfig, guard: Guard, seen: set[bytes]) -> Harvest:
    reasons: dict[str, str | None] = {}
    buckets: dict[bytes, _Bucket] = {}
    fates: list[Fate] = []
    usable: list[Row] = []
    for row in rows:
        try:
            _sort_in(row, buckets, config, guard)
            usable.append(row)
        except Unusable as fault:
            fates.append(Fate(row, fault.args[0]))
    reasons.update(_contradictions(buckets))
    reasons.update(_lonely(buckets))
    made, used, again = _pair_up(buckets, config.max_pairs_per_item, seen)
    reasons.update(dict.fromkeys(again, "duplicate"))
    for row in usable:
        if row.source in used:
            fates.append(Fate(row, None, used[row.source]))
        else:
            fates.append(Fate(row, reasons.get(row.source, "over_limit")))
    order = {row.source: position for position, row in enumerate(rows)}
    return Harvest(made, sorted(fates, key=lambda fate: order[fate.row.source]))


def _sort_in(row: Row, buckets: dict[bytes, _Bucket], config: ExportConfig, guard: Guard) -> None:
    if row.reason is not None:
        raise Unusable(row.reason)
    guard.admit(row)
    prompt = read_prompt(row)
    answer = read_answer(row, prompt, config.answer)
    bucket = buckets.setdefault(prompt.digest, _Bucket(prompt))
    side = bucket.passed if row.eval_passed else bucket.failed
    if answer.digest in side:
        raise Unusable("duplicate")
    side[answer.digest] = (row, answer)


def _contradictions(buckets: dict[bytes, _Bucket]) -> dict[str, str]:
    """Take out answers that both passed and failed: neither verdict can be learned from."""
    reasons: dict[str, str] = {}
    for bucket in buckets.values():
        for digest in bucket.passed.keys() & bucket.failed.keys():
            for side in (bucket.passed, bucket.failed):
                reasons[side.pop(digest)[0].source] = "contradictory_outcome"
    return reasons


def _lonely(buckets: dict[bytes, _Bucket]) -> dict[str, str]:
    """Say why answers without a counterpart under their own prompt have none.

    `prompt_mismatch`: there is one, but it answered another prompt.
    """
    any_passed = any(bucket.passed for bucket in buckets.values())
    any_failed = any(bucket.failed for bucket in buckets.values())
    reasons: dict[str, str] = {}
    for bucket in buckets.values():
        for here, there, elsewhere in (
            (bucket.passed, bucket.failed, any_failed),
            (bucket.failed, bucket.passed, any_passed),
        ):
            if not there:
                reason = "prompt_mismatch" if elsewhere else "no_counterpart"
                reasons.update({row.source: reason for row, _ in here.values()})
    return reasons


def _pair_up(
    buckets: dict[bytes, _Bucket], limit: int, seen: set[bytes]
) -> tuple[list[PreferencePair], dict[str, list[int]], set[str]]:
    """Return at most `limit` pairs; by source, the pairs each row stands in; sources seen before.

    The failures nearest to passing come first; each is paired once, and the
    passing answers take turns, so that a few pairs show many answers.
    """
    made: list[PreferencePair] = []
    used: dict[str, list[int]] = {}
    again: set[str] = set()
    for bucket in buckets.values():
        passed = list(bucket.passed.values())
        failed = sorted(bucket.failed.values(), key=lambda pair: -(pair[0].outcome_value or 0.0))
        for turn, bad in enumerate(failed if passed else ()):
            if len(made) >= limit:
                return made, used, again
            good = passed[turn % len(passed)]
            mark = joint(bucket.prompt.digest, good[1].digest, bad[1].digest)
            sources = good[0].source, bad[0].source
            if mark in seen:
                again.update(sources)
                continue
            seen.add(mark)
            for source in sources:
                used.setdefault(source, []).append(len(made))
            made.append(_pair(mark, bucket.prompt, good, bad))
    return made, used, again


def _pair(
    mark: bytes, prompt: Prompt, good: tuple[Row, Answer], bad: tuple[Row, Answer]
) -> PreferencePair:
    (good_row, chosen), (bad_row, rejected) = good, bad
    return PreferencePair(
        mark.hex(),
        prompt.messages,
        prompt.tools,
        chosen.message,
        rejected.message,
        source_of(good_row),
        source_of(bad_row),
    )
