"""`forge trace`: where a line of a dataset comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError

if TYPE_CHECKING:
    from harness_forge.datasets.trace import SourceRow, Trace

SUMMARY = "show where a line of a dataset comes from"
USAGE = "DATASET LINE [key=value …]"
EXAMPLES = (
    "forge trace stig_worker_sft train:12",
    "forge trace data/stig_worker_sft stig.turns:2",
)
KEYS = ("store", "forge_home", "data_dir")
JSON = "an object: dataset, place, line, rows: ledger, run, attempt, turns, tips, flags, filters"

_SHOWN = 160
"""Characters of a text that are shown; the store has all of it."""


def main(argv: list[str]) -> int:
    """Find the row that a line was made of, and show what is known of it."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.datasets.trace import trace_line

    words, _, overrides = sort(argv)
    if len(words) != 2:
        raise ConfigError("command line", "which line?", f"forge trace {USAGE}")
    found = trace_line(composed(overrides), *words)
    report(_facts(found), render(found))
    return 0


def _facts(trace: Trace) -> dict[str, Any]:
    from harness_forge.datasets.trace import verdicts

    rows = [
        {
            "ledger": one.entry,
            "run": one.run,
            "attempt": one.attempt,
            "turns": one.turns,
            "tips": one.tips,
            "flags": one.flags,
            "missing": one.missing,
            "filters": {} if one.missing else dict(verdicts(trace, one.entry)),
        }
        for one in trace.origins
    ]
    return {"dataset": trace.dataset, "place": trace.place, "line": trace.line, "rows": rows}


def render(trace: Trace) -> str:
    """Return what is known of a line, row by row."""
    lines = [f"{trace.dataset} {trace.place}"]
    if trace.line is not None:
        lines += _pairs("line", {key: trace.line.get(key) for key in ("id", "split")})
    for origin in trace.origins:
        lines += _row(trace, origin)
    return "\n".join(lines)


def _row(trace: Trace, origin: SourceRow) -> Iterator[str]:
    from harness_forge.datasets.trace import verdicts

    entry = dict(origin.entry)
    yield f"row {entry.pop('source')}"
    yield from _pairs("ledger", entry)
    if origin.missing:
        yield f"  {origin.missing}"
        return
    yield from _pairs("run", origin.run)
    yield from _pairs("attempt", origin.attempt)
    for turn in origin.turns:
        yield from _pairs("turn", turn)
    for tip in origin.tips:
        yield from _pairs("tip", tip)
    for flag in origin.flags:
        yield from _pairs("label flag", flag)
    if not origin.flags:
        yield "  label flag  none"
    for name, said in verdicts(trace, origin.entry):
        yield f"  filter      {name} {said}"


def _pairs(name: str, values: Mapping[str, Any]) -> list[str]:
    shown = [f"{key}={_text(value)}" for key, value in values.items() if value not in (None, "")]
    return [f"  {name:<12}{'  '.join(shown)}"] if shown else []


def _text(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
