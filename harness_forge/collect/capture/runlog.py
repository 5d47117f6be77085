"""Joins captures with a harness's run log: the log has the outcomes, the captures the words.

gemma-forge's log cuts what was answered and has no prompt; what its attempts
lack is in the captures of the same run. An attempt without a capture of
its worker is left out and counted: nothing cut gets in by this way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from harness_forge.collect.capture.joining import JoinResult, run_row
from harness_forge.collect.capture.turns import prompt_of, turn_of
from harness_forge.collect.sources import gemma_forge_jsonl
from harness_forge.collect.sources.gemma_forge_attempts import bare
from harness_forge.collect.sources.records import RecordedAttempt, RunFacts
from harness_forge.config.source import SourceConfig
from harness_forge.core.chat import calls
from harness_forge.core.errors import SourceError
from harness_forge.core.records import Attempt, Turn
from harness_forge.store.captures import Captures
from harness_forge.store.entries import AttemptEntry


@dataclass(frozen=True)
class Log:
    """What a run log says.

    Args:
        run: its id.
        tries: in the log's order.
    """

    run: str
    tries: Sequence[RecordedAttempt]
    facts: Mapping[str, Any]


def read(path: Path, config: SourceConfig) -> Log:
    """Return what a run log holds.

    Raises:
        SourceError: it is no file, or has no attempt.
    """
    if not path.is_file():
        raise SourceError(str(path), "is no file", "forge proxy join LOG [--run=KEY]")
    found = list(gemma_forge_jsonl.read(path, config))
    tries = [one for one in found if isinstance(one, RecordedAttempt)]
    facts = next((one for one in found if isinstance(one, RunFacts)), None)
    if not tries:
        raise SourceError(str(path), "holds no finished attempt", "is it a run log of gemma-forge?")
    return Log(tries[0].run, tries, facts.facts if facts else {})


def join(captures: Captures, log: Log, run: str = "", skew_s: float = 300.0) -> JoinResult:
    """Make attempts of a log's tries and the captures that belong to them.

    Captures are distinguished by item, attempt and role; those of a try that name
    no item (a plan made before it was chosen) by their place in the order.

    Args:
        run: what the captures call the run; '' takes the log's own id, else
            the captures of its time that name no run.
        skew_s: how far the clocks of harness and proxy may be apart.
    """
    found = _captures(captures, log, run, timedelta(seconds=skew_s))
    joined = JoinResult()
    name, row = log.run, None
    done = captures.attempts(name)
    sorted_out = _sorted_out(found)
    for one in log.tries:
        key = one.item.item_id, one.attempt.attempt_num
        if key in done:
            joined.known += 1
            continue
        mine = sorted_out.get(key, [])
        turns = [(capture, turn) for capture in mine if (turn := turn_of(capture)) is not None]
        joined.unread += len(mine) - len(turns)
        if not any(turn.agent == "worker" for _, turn in turns):
            joined.without += 1
            continue
        attempt = _attempt(one.attempt, [turn for _, turn in turns])
        purpose = "evaluate" if any(c["purpose"] == "evaluate" for c, _ in turns) else "collect"
        if row is None:
            row = run_row(attempt.turns, attempt.outcome, purpose)
            row["config"] |= {"log": dict(log.facts)}
            name = captures.open_run(log.run, row)
        entry = AttemptEntry(name, one.item, attempt, one.outcome)
        captures.make(entry, [capture["id"] for capture, _ in turns])
        joined.made += 1
        joined.turns += len(turns)
    return joined


def _captures(captures: Captures, log: Log, run: str, skew: timedelta) -> list[dict[str, Any]]:
    found = captures.of_run(run or log.run)
    if found or run:
        return found
    times = [turn.started_at for one in log.tries for turn in one.attempt.turns if turn.started_at]
    if not times:
        return []
    near = captures.between(min(times) - skew, max(times) + skew)
    return [one for one in near if one["run_id"].startswith("proxy-")]


def _sorted_out(found: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], list]:
    """Return the captures of each try; those that name no item go to the try that follows."""
    made: dict[tuple[str, int], list] = {}
    before: list[Mapping[str, Any]] = []
    for one in found:
        if not one["item_id"]:
            before.append(one)
            continue
        key = bare(one["item_id"]), one["attempt_num"]
        made.setdefault(key, []).extend([*before, one])
        before = []
    return made


def _attempt(logged: Attempt, turns: list[Turn]) -> Attempt:
    """Return the logged attempt with what was really asked and answered."""
    call = calls.answered(turns)
    worker = next(turn for turn in reversed(turns) if turn.agent == "worker")
    return replace(
        logged,
        turns=turns,
        tool_call=call,
        prompt=prompt_of(turns),
        model=logged.model or worker.model,
        prompt_tokens=worker.prompt_tokens,
        completion_tokens=worker.completion_tokens,
    )
