"""Runs, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness_forge.core.numbers import count
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
    head = ("run", "policy", "purpose", "state", "started", "judged by", "attempts")
    listed = table(head, [_row(skill, one) for one in rows], numeric=6)
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
    )
