"""Runs, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness_forge.core.numbers import count, number
from harness_forge.report.console import frame
from harness_forge.report.console.exchange import PageAnswer, PageRefused, PageRequest, link
from harness_forge.report.console.guard import ConsoleSession
from harness_forge.report.console.site import ConsoleSite
from harness_forge.report.html import missing, table, tag
from harness_forge.store.browsing import runs


def show(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return a page of runs, with the way to their attempts."""
    skill = site.skill_of(request)
    after = request.query.get("after") or None
    with site.reading(skill) as connection:
        try:
            rows, following = runs.page(connection, after, min(site.config.ui.page, 100))
        except LookupError:
            what = f"there is no run {str(after)[:60]!r} in {skill}"
            raise PageRefused(404, what, "begin again on the first page") from None
    choose = frame.filters(link("runs"), frame.choice("skill", "skill", site.skills(), skill))
    head = (
        "run",
        "policy",
        "purpose",
        "state",
        "started",
        "judged by",
        "attempts",
        "passed",
        "USD",
    )
    # A column that knows nothing is left out: few have prices.
    listed_rows = [_row(skill, one) for one in rows]
    known = [at for at in range(len(head)) if at < 7 or any(row[at] for row in listed_rows)]
    shown = [tuple(row[at] for at in known) for row in ([head, *listed_rows])]
    listed = table(shown[0], shown[1:], numeric=6)
    if not rows:
        listed = missing(f"{skill} has no run yet.", f"forge run skill={skill}")
    links = frame.paging(
        ("Newest runs", link("runs", skill=skill) if after else None),
        ("Older runs", link("runs", skill=skill, after=following) if following else None),
    )
    return frame.page(session, "runs", "Runs", choose, listed, links)


def _row(skill: str, one: Mapping[str, Any]) -> tuple:
    many = one["attempts"] > runs.COUNTED
    return (
        tag("a", one["id"], href=link("attempts", skill=skill, run=one["id"])),
        one["policy"],
        "evaluation, never exported" if one["purpose"] == "evaluate" else one["purpose"],
        one["status"],
        frame.when(one["started_at"]),
        f"{one['evaluator']} {one['evaluator_version']}".strip(),
        f"over {count(runs.COUNTED)}" if many else count(one["attempts"]),
        _passed(one["summary"] or {}),
        _cost(one["summary"] or {}),
    )


def _passed(summary: Mapping[str, Any]) -> str:
    """Return how many items passed; '' for a run that nobody summed up, as imported ones."""
    if not {"passed", "items"} <= summary.keys():
        return ""
    return f"{count(summary['passed'])} of {count(summary['items'])}"


def _cost(summary: Mapping[str, Any]) -> str:
    if "usd" not in summary:
        return ""
    # What some attempts cost is not known, so the run cost at least this.
    return f"{'over ' if summary.get('usd_unknown') else ''}{number(summary['usd'])}"
