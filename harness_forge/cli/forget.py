"""`forge forget`: take a run, a source or an item out of the store for good."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import did_you_mean
from harness_forge.core.numbers import count, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness_forge.collect.forget.forget import ForgetReport
    from harness_forge.store.forgetting.forget import ForgetTarget

SUMMARY = "take a run, a source or an item out for good; name the datasets and adapters of it"
USAGE = "run=ID | source=NAME | item=SKILL:ITEM --reason=TEXT [--dry-run] [key=value …]"
EXAMPLES = (
    "forge forget source=tau_bench --dry-run",
    "forge forget source=tau_bench --reason='consent was withdrawn'",
    "forge forget run=20261121-093011-4c1a --reason='a poisoned prompt'",
    "forge forget item=support:ticket-1833 --reason='the customer asked for it'",
)
KEYS = ("store", "data_dir", "forge_home")
JSON = (
    "an object: kind, name, dry_run, skills with counts of rows by table, datasets and adapters"
    " with what makes them anew, champions, unknown (adapters), earlier (when it went before)"
)

DRY_RUN, REASON = "--dry-run", "--reason"
_KINDS = ("run", "source", "item")


def main(argv: list[str]) -> int:
    """Forget it and print what went; 1 where the store holds nothing of it and never did."""
    from harness_forge.cli import composed, results
    from harness_forge.cli.words import sort, valued
    from harness_forge.collect.forget.forget import forget

    why, rest = valued(argv, REASON)
    words, flags, overrides = sort(rest, (DRY_RUN,))
    named = [word for word in overrides if word.partition("=")[0] in _KINDS]
    target = _target(words, named)
    if not (why or flags):
        again = f"forge forget {shlex.quote(named[0])} {REASON}=TEXT"
        raise ConfigError("command line", "say why", again)
    if narrowing := [word for word in overrides if word.partition("=")[0].startswith("skill")]:
        what = f"forget looks in every skill, so {narrowing[0]} would narrow nothing"
        hint = "leave it out; item=SKILL:ITEM is of one skill, and --dry-run shows what would go"
        raise ConfigError("command line", what, hint)
    config = composed([word for word in overrides if word not in named])
    report = forget(config, target, why or "", dry_run=bool(flags))
    results.report(_facts(report, bool(flags)), "\n".join(render(report, bool(flags))))
    return 0 if report.gone or report.earlier else 1


def _facts(report: ForgetReport, trial: bool) -> dict[str, Any]:
    earlier = report.earlier
    return {
        "kind": report.target.kind.value,
        "name": report.target.name,
        "dry_run": trial,
        "skills": {one.skill: one.counts for one in report.gone},
        "shown_tips": sum(one.shown_tips for one in report.gone),
        "datasets": [
            {"folder": str(one.folder), "rows": one.rows, "anew": one.remake}
            for one in report.datasets
        ],
        "adapters": [{"adapter": one.label, "anew": one.remake} for one in report.adapters],
        "champions": report.champions,
        "unknown": [one.label for one in report.unknown],
        "earlier": {"when": earlier.when, "why": earlier.why} if earlier else None,
    }


def _target(words: Sequence[str], named: Sequence[str]) -> ForgetTarget:
    from harness_forge.store.forgetting.forget import ForgetTarget
    from harness_forge.store.forgetting.tombstones import TombstoneKind

    if words:
        meant = did_you_mean(words[0], _KINDS)
        what = f"forget takes no '{words[0]}'"
        raise ConfigError("command line", what, f"{meant}forge forget {USAGE}")
    if len(named) != 1:
        what = "one at a time" if named else "forget what?"
        raise ConfigError("command line", what, f"forge forget {USAGE}")
    kind, _, name = named[0].partition("=")
    skill, colon, item = name.partition(":")
    if not name or (kind == TombstoneKind.item.value and not (skill and colon and item)):
        form = "item=SKILL:ITEM" if kind == TombstoneKind.item.value else f"{kind}=NAME"
        raise ConfigError("command line", f"{named[0]} names nothing", f"write: {form}")
    if kind == TombstoneKind.item.value:
        return ForgetTarget(TombstoneKind.item, item, skill)
    return ForgetTarget(TombstoneKind(kind), name)


def render(report: ForgetReport, trial: bool) -> list[str]:
    """Return what went, or would, and what was made of it."""
    named = f"{report.target.kind.value} {report.target.name}"
    if not report.gone:
        if report.earlier is None:
            return [f"{named}: the store holds nothing of it"]
        return [f"{named}: nothing is left of it; it {report.earlier.says()}"]
    lines = [f"{named}: {'would be forgotten' if trial else 'forgotten'}"]
    for gone in report.gone:
        rows = ", ".join(f"{table} {count(number)}" for table, number in gone.counts.items())
        lines.append(f"  skill {gone.skill}: {rows}")
        if gone.shown_tips:
            shown = counted(gone.shown_tips, "attempt")
            lines.append(f"    {shown} of other runs were shown its tips, and their prompts stay")
    lines += _made(report, trial)
    lines += _left(trial)
    return lines


def _made(report: ForgetReport, trial: bool) -> Iterator[str]:
    if not report.datasets:
        yield "  no dataset under data/ has a line of it"
    for dataset in report.datasets:
        state = "holds" if trial else "is stale:"
        yield f"  dataset {dataset.folder} {state} {counted(dataset.rows, 'row')} of it"
        yield f"    anew: {dataset.remake}"
    for adapter in report.adapters:
        state = "was trained on it" if trial else "is tainted"
        yield f"  adapter {adapter.label} {state}"
        yield f"    anew: {adapter.remake}"
    for slot in report.champions:
        yield f"  it is champion of {slot}: `forge rollback {slot} {REASON}=TEXT` takes it down"
    if report.unknown:
        names = ", ".join(one.label for one in report.unknown)
        yield f"  not known of adapters whose dataset is not under data/ any more: {names}"


def _left(trial: bool) -> Iterator[str]:
    if trial:
        yield "  nothing is deleted: --dry-run"
        return
    yield "  not touched: copies outside the store, such as the source's files, DVC's cache,"
    yield "  published datasets, backups, reports, tracking servers and the graph"
