"""`forge labels`: find labels that must not be trusted, and flag them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import counted, p_value, percent

if TYPE_CHECKING:
    from harness_forge.store.labels.flags import Flag
    from harness_forge.store.labels.skill_audit import LabelAudit
    from harness_forge.store.triggers.search import TriggerSearch

SUMMARY = "find labels that must not be trusted, and flag them"
USAGE = "audit|triggers|ls|clear|checks [REASON …] [--dry-run] [--flag] [key=value …]"
EXAMPLES = (
    "forge labels audit skill=stig",
    "forge labels audit skill=all --dry-run",
    "forge labels audit skill=stig labels.checks.approach_cut=false",
    "forge labels triggers skill=stig",
    "forge labels triggers skill=stig --flag labels.triggers.min_items=10",
    "forge labels ls contradictory_repeat skill=stig",
    "forge labels clear skill=stig",
    "forge labels checks",
)
KEYS = ("labels", "store", "skill", "skills", "forge_home")

JSON = (
    "an object: each skill's flags (audit, ls), phrases (triggers) or counts (clear);"
    " checks: an array of objects"
)

DRY_RUN, FLAG = "--dry-run", "--flag"
SHOWN = 80
"""Characters of a phrase; --json has all."""


def main(argv: list[str]) -> int:
    """Run one of the actions and return its exit code."""
    from harness_forge.cli.words import one_of, sort

    words, flags, overrides = sort(argv, [DRY_RUN, FLAG])
    if not words:
        raise ConfigError("command line", "which action?", f"forge labels {USAGE}")
    actions = {
        "audit": _audit,
        "triggers": _triggers,
        "ls": _ls,
        "clear": _clear,
        "checks": _checks,
    }
    action = one_of(words[0], list(actions), "action")
    for flag, only in ((DRY_RUN, "audit"), (FLAG, "triggers")):
        if flag in flags and action != only:
            raise ConfigError("command line", f"{action} takes no {flag}", f"forge labels {USAGE}")
    if len(words) > 1 and action not in ("ls", "clear"):
        raise ConfigError("command line", f"{action} takes no '{words[1]}'", "only key=value")
    return actions[action](words[1:], bool(flags), overrides)


def _audit(_reasons: list[str], dry_run: bool, overrides: list[str]) -> int:
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.store.labels import label_audit

    audits = label_audit.audit(composed(overrides), dry_run=dry_run)
    text = "\n\n".join(render(skill, audit, dry_run) for skill, audit in audits.items())
    report(audits, text)
    return 0


def _triggers(_reasons: list[str], flag: bool, overrides: list[str]) -> int:
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.store.triggers import stored

    found = stored.triggers(composed(overrides), flag=flag)
    report(found, "\n".join(_phrases(skill, one, flag) for skill, one in found.items()))
    return 0


def _ls(reasons: list[str], _dry_run: bool, overrides: list[str]) -> int:
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import one_of
    from harness_forge.store.labels import label_audit
    from harness_forge.store.labels.checks import CHECKS

    audits = label_audit.listed(composed(overrides), reasons)
    # People may have flagged rows too, for reasons of their own.
    known = [*CHECKS, *(row[0] for counted, *_ in audits.values() for row in counted)]
    for reason in reasons:
        one_of(reason, known, "reason")
    text = "\n\n".join(_listed(skill, *parts, reasons) for skill, parts in audits.items())
    report({skill: _counted(*parts) for skill, parts in audits.items()}, text)
    return 0


def _clear(reasons: list[str], _dry_run: bool, overrides: list[str]) -> int:
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.store.labels import label_audit

    found = label_audit.clear(composed(overrides), reasons)
    lines: list[str] = []
    for skill, gone in found.items():
        lines += [f"{skill}: {sum(gone.values())} flags taken back", *_rows(gone)]
    report(found, "\n".join(lines))
    return 0


def _checks(_reasons: list[str], _dry_run: bool, _overrides: list[str]) -> int:
    from harness_forge.cli.results import report
    from harness_forge.store.labels.checks import CHECKS, GEMMA_FORGE

    found = [
        {
            "reason": check.reason,
            "kind": check.kind,
            "evaluators": "gemma-forge" if check.reason in GEMMA_FORGE else "any",
            "why": check.why,
        }
        for check in CHECKS.values()
    ]
    rows = ("{reason:26}{kind:16}{evaluators:13}{why}".format(**one) for one in found)
    report(found, "\n".join(rows))
    return 0


def render(skill: str, audit: LabelAudit, dry_run: bool = False) -> str:
    """Return what an audit found as two short tables."""
    total, new = sum(audit.found.values()), sum(audit.written.values())
    gone = sum(audit.withdrawn.values())
    counted = " (counted only, nothing written)" if dry_run else ""
    lines = [f"{skill}: {total} flags, {new} new or changed, {gone} withdrawn{counted}"]
    lines += _rows({reason: count for reason, count in audit.found.items() if count})
    lines += [f"  {reason:28}{-count:>10} withdrawn" for reason, count in audit.withdrawn.items()]
    if not audit.verdicts:
        return "\n".join([*lines, "  no attempts of collect runs yet"])
    head = ("attempts", "passed", "failed", "infra", "doubted")
    lines.append(f"  {'evaluator':20}" + "".join(f"{word:>10}" for word in head))
    for name, row in audit.verdicts.items():
        numbers = (row.attempts, row.passed, row.failed, row.infrastructure, row.doubted)
        lines.append(f"  {name or '(none)':20}" + "".join(f"{number:>10}" for number in numbers))
    return "\n".join(lines)


def _phrases(skill: str, search: TriggerSearch, flag: bool) -> str:
    """Return the phrases that go with one outcome, with what their p rests on."""
    if not search.rows:
        return f"{skill}: no judged attempt of a training item"
    rows, items = counted(search.rows, "row"), counted(search.items, "item")
    tests = f"{rows} of {items}, {counted(search.tests, 'test')}"
    lines = [f"{skill}: {counted(len(search.found), 'phrase')} with one outcome in {tests}"]
    for one in search.found:
        lines.append(
            f"  {one.source}: {one.phrase[:SHOWN]!r}: {percent(one.share)} of "
            f"{counted(one.items, 'item')} {one.outcome}, {percent(one.share_without)} without "
            f"it; p {p_value(one.p_corrected)}, corrected; "
            f"{counted(len(one.attempts), 'attempt')}{' flagged' if flag else ''}"
        )
    if search.found and not flag:
        lines.append("  nothing flagged: --flag flags them, and exports leave flagged rows out")
    return "\n".join(lines)


def _counted(
    counted: list[tuple[str, str, str, int]], flags: list[Flag], unaudited: int
) -> dict[str, Any]:
    names = ("reason", "table", "evaluator", "flags")
    rows = [dict(zip(names, row, strict=True)) for row in counted]
    return {"counts": rows, "first": flags, "unaudited_attempts": unaudited}


def _listed(
    skill: str,
    counted: list[tuple[str, str, str, int]],
    flags: list[Flag],
    unaudited: int,
    reasons: list[str],
) -> str:
    lines = [f"{skill}: {sum(row[-1] for row in counted)} flags"]
    lines += [
        f"  {reason:28}{table:16}{evaluator or '(none)':16}{count:>8}"
        for reason, table, evaluator, count in counted
    ]
    # All reasons at once would be a wall of text.
    for flag in flags if reasons else ():
        evidence = ", ".join(f"{key} {value!r}" for key, value in flag.evidence.items())
        lines.append(f"    {skill}.{flag.target}: {flag.reason}: {evidence}")
    if unaudited:
        from harness_forge.config.compose import project

        how = f"forge labels audit {project.skill_words(skill)}"
        lines.append(f"  {unaudited} attempts were never audited: {how}")
    return "\n".join(lines)


def _rows(counts: dict[str, int]) -> list[str]:
    return [f"  {reason:28}{count:>10}" for reason, count in counts.items()]
