"""Attempts by skill, run, role and outcome, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness_forge.core.numbers import count
from harness_forge.report.console import frame
from harness_forge.report.console.exchange import PageAnswer, PageRefused, PageRequest, link
from harness_forge.report.console.guard import ConsoleSession
from harness_forge.report.console.site import ConsoleSite
from harness_forge.report.html import Html, table, tag
from harness_forge.store.browsing import attempts

_ANY = {"": "any"}


def show(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return a page of attempts."""
    skill = site.skill_of(request)
    asked = {name: request.query.get(name, "").strip() for name in ("run", "role", "outcome")}
    below = request.number("below")
    if asked["outcome"] not in ("", *attempts.OUTCOMES):
        known = ", ".join(attempts.OUTCOMES)
        raise PageRefused(400, f"there is no outcome {asked['outcome'][:40]!r}", f"one of: {known}")
    with site.reading(skill) as connection:
        found = attempts.page(connection, **asked, below=below, size=site.config.ui.page)
        roles = attempts.roles(connection)
    first = link("attempts", skill=skill, **asked)
    following = link("attempts", skill=skill, **asked, below=found.below)
    links = frame.paging(
        ("Newest", first if below else None),
        (_onward(found), following if found.below else None),
    )
    shown = table(_HEAD, [_row(skill, one) for one in found.rows], numeric=9)
    return frame.page(
        session, "attempts", "Attempts", _choices(site, skill, asked, roles),
        _gap(found, below), shown if found.rows else None, links,
    )  # fmt: skip


_HEAD = ("attempt", "item", "outcome", "how it failed", "run", "answered by", "when")


def _row(skill: str, one: Mapping[str, Any]) -> tuple:
    flagged = tag("span", " flagged", class_="missing") if one["flagged"] else None
    run = tag("a", one["run_id"], href=link("attempts", skill=skill, run=one["run_id"]))
    who = one["adapter"] or one["model"] or ""
    return (
        tag("a", f"#{one['id']}", href=link("attempts", skill, str(one["id"]))),
        [tag("code", one["item_id"]), tag("span", f" try {one['attempt_num']}", class_="note")],
        [frame.verdict(one["verdict"]), flagged],
        (one["failure_mode"] or "").replace("_", " "),
        run,
        who,
        frame.when(one["created_at"]),
    )


def _choices(site: ConsoleSite, skill: str, asked: Mapping[str, str], roles: list[str]) -> Html:
    return frame.filters(
        link("attempts"),
        frame.choice("skill", "skill", site.skills(), skill),
        frame.text_field("run", "run", asked["run"], placeholder="any"),
        frame.choice("role", "role", _ANY | {one: one for one in roles}, asked["role"]),
        frame.choice("outcome", "outcome", _ANY | frame.VERDICTS, asked["outcome"]),
    )


def _onward(found: attempts.AttemptsPage) -> str:
    return f"Search on below #{count(found.below)}" if found.searched else "Older attempts"


def _gap(found: attempts.AttemptsPage, below: int | None) -> Html | None:
    if found.searched:
        text = f"Looked through the attempts down to #{count(found.below or 0)}, not yet further."
        return tag("p", text, class_="gap")
    if found.rows:
        return None
    return tag("p", "No older attempt fits." if below else "No attempt fits.", class_="gap")
