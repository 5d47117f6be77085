"""`forge kernel`: turns of an agent, captured and scored; health; the model; a whole cycle."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError, EndpointError, SourceError
from harness_forge.core.numbers import counted, number

if TYPE_CHECKING:
    from harness_forge.cli.agent_kernel import Kernel, ScoredTurn
    from harness_forge.collect.capture.given_turns import GivenTurn

SUMMARY = "capture and score an agent's turns, say its health and its model, learn from them"
USAGE = "turn [FILE | -] [--later] | health | model | cycle [--again] [key=value …]"
EXAMPLES = (
    "forge kernel turn recipe=kernel turn.json",
    "forge kernel turn recipe=kernel - --later < turn.json",
    "forge kernel turn recipe=kernel",
    "forge kernel health recipe=kernel",
    "forge kernel model recipe=kernel",
    "forge kernel cycle recipe=kernel",
)
KEYS = ("kernel", "skill", "judge", "health", "store", "forge_home")
JSON = (
    "turn: an array of session, turn, score, scores, why, or null where it is off; health: healthy,"
    " trend, message, models; model: name, url, champion, version, why; cycle: candidate, steps"
)

LATER, AGAIN = "--later", "--again"
ACTIONS = ("turn", "health", "model", "cycle")


def main(argv: list[str]) -> int:
    """Do one of the actions."""
    from harness_forge.cli.agent_kernel import Kernel
    from harness_forge.cli.params import in_project
    from harness_forge.cli.words import one_of, sort

    words, flags, overrides = sort(argv, (LATER, AGAIN))
    action = one_of(words.pop(0) if words else "", ACTIONS, "action of kernel")
    if len(words) > (action == "turn"):
        raise ConfigError("command line", "one file at a time", f"forge kernel {USAGE}")
    if flags - ({LATER} if action == "turn" else {AGAIN} if action == "cycle" else set()):
        raise ConfigError("command line", f"{action} has no such flag", f"forge kernel {USAGE}")
    overrides = in_project(overrides)
    kernel = Kernel(overrides)
    if action == "turn":
        return _turns(kernel, words, wait=LATER not in flags)
    if action == "cycle":
        return _cycle(kernel, overrides, again=AGAIN in flags)
    return _health(kernel) if action == "health" else _model(kernel)


def _turns(kernel: Kernel, words: Sequence[str], *, wait: bool) -> int:
    """Capture the turns of a file, or score those that wait.

    Raises:
        EndpointError: turns are captured and have no score.
    """
    from dataclasses import asdict

    from harness_forge.cli.agent_kernel import OFF
    from harness_forge.cli.results import report

    if not kernel.enabled:
        report(None, OFF)
        return 0
    if not words:
        taken = kernel.score_waiting()
        report([], f"{counted(taken, 'turn')} taken in, and all that waited scored")
        return 0
    # All of them are looked at before any is captured.
    given = [_turn(words[0], place, one) for place, one in enumerate(_records(words[0]), 1)]
    done: list[ScoredTurn] = []
    for place, one in enumerate(given, 1):
        # The last one scores those before it too.
        asked = {**vars(one), "wait": wait and place == len(given)}
        done.append(kernel.process_turn(**asked))
    if wait:
        done[:-1] = [kernel.score_of(one) for one in given[:-1]]
    report([asdict(one) for one in done], "\n".join(map(_said, done)))
    missing = [one for one in done if one.score is None]
    if wait and missing:
        what = f"{counted(len(missing), 'turn')} captured and not scored: {missing[0].why}"
        hint = "`forge kernel turn` without a file scores what waits"
        raise EndpointError("forge kernel turn", what, hint)
    return 0


def _turn(name: str, place: int, record: Any) -> GivenTurn:
    from harness_forge.collect.capture.given_turns import of_record

    try:
        return of_record(record)
    except SourceError as error:
        raise SourceError(f"{name}: {error.where} {place}", error.what, error.hint) from None


def _records(name: str) -> list[Any]:
    """Return the JSON values of a file, or of standard input for `-`: one, an array, or lines.

    Raises:
        SourceError: it is no JSON, or empty.
    """
    from harness_forge.core import jsontext

    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SourceError(name, "is not UTF-8 text") from None
    try:
        found = jsontext.loads(text)
        records = found if isinstance(found, list) else [found]
    except (ValueError, RecursionError):
        records = list(_lines(name, text))
    if not records:
        raise SourceError(name, "holds no turn")
    return records


def _lines(name: str, text: str) -> Iterator[Any]:
    for number_, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                raise SourceError(f"{name}: line {number_}", "is no JSON") from None


def _said(one: ScoredTurn) -> str:
    if one.score is None:
        return f"{one.session} {one.turn}  captured, no score: {one.why}"
    each = ", ".join(f"{name} {number(value)}" for name, value in one.scores.items())
    return f"{one.session} {one.turn}  {number(one.score)}  ({each})"


def _health(kernel: Kernel) -> int:
    from harness_forge.cli.columns import columns
    from harness_forge.cli.health import ALERTS
    from harness_forge.cli.results import report
    from harness_forge.report.health import facts

    # Collected once: of a large store that takes seconds.
    found = kernel.health()
    short = kernel.in_short(found)
    lines = [f"{'healthy' if short['healthy'] else 'alert'}: {short['message']}"]
    models: list[Mapping[str, Any]] = []
    if found is not None:
        lines += list(facts.alert_lines(found))
        models = facts.as_json(found)["series"]
        for one in found.series:
            table = columns([facts.DAYS_HEAD, *facts.day_rows(one)], left=1)
            lines += ["", one.name, *(f"  {line}" for line in table)]
        lines += ["", *facts.notes(found, kernel.config.health.window_days)]
    report({**short, "models": models}, "\n".join(lines))
    return 0 if short["healthy"] else ALERTS


def _model(kernel: Kernel) -> int:
    from dataclasses import asdict

    from harness_forge.cli.results import report

    found = kernel.active_model()
    lines = [found.name, f"  {found.why}"]
    lines += [f"  champion {found.champion} {found.version}".rstrip()] if found.champion else []
    lines += [f"  at {found.url}"] if found.url else []
    report(asdict(found), "\n".join(lines))
    return 0


def _cycle(kernel: Kernel, overrides: list[str], *, again: bool) -> int:
    from harness_forge.cli import kernel_cycle
    from harness_forge.cli.agent_kernel import OFF
    from harness_forge.cli.results import gathered, report

    if not kernel.enabled:
        report(None, OFF)
        return 0
    say: Callable[[str], None] = lambda text: print(f"kernel: {text}", file=sys.stderr)  # noqa: E731
    with gathered() as steps:
        candidate = kernel_cycle.cycle(kernel, overrides, again=again, say=say)
    report({"candidate": candidate, "steps": steps})
    return 0
