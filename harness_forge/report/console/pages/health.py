"""What changed in the last days, and what somebody must look at: `forge health`."""

from __future__ import annotations

from collections.abc import Iterator

from harness_forge.core.numbers import counted, size
from harness_forge.report.console import frame
from harness_forge.report.console.exchange import PageAnswer, PageRequest, link
from harness_forge.report.console.guard import ConsoleSession
from harness_forge.report.console.site import ConsoleSite
from harness_forge.report.health import facts
from harness_forge.report.health.alerts import Alert
from harness_forge.report.health.collect import Health
from harness_forge.report.html import Html, missing, section, table, tag

_AGAIN_S = 3
"""Seconds after which a browser asks again while the first figures are collected."""


def show(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return alerts, series with their tests, slots and disks; of one series its days."""
    found = site.health.newest()
    if found is None:
        body = tag("p", "The store is being read; this page comes again by itself.", class_="note")
        return frame.page(session, "health", "Health", body, refresh_s=_AGAIN_S)
    days = site.config.health.window_days
    body = [*_alerts(found), *_series(found, days, request.query.get("series", "")), _places(found)]
    told = f"{found.message[:1].upper()}{found.message[1:]}. As of {frame.when(found.window.now)}."
    return frame.page(session, "health", "Health", *body, about=told)


def _alerts(found: Health) -> Iterator[Html]:
    if found.alerts:
        head = ("kind", "of", "measured", "threshold", "remedy")
        listed = table(head, [_alert(one) for one in found.alerts], numeric=len(head))
        yield section("Alerts", listed)


def _alert(one: Alert) -> tuple:
    kind = tag("span", one.kind.value.replace("_", " "), class_="badge failed")
    return kind, one.subject, one.value, one.threshold, one.remedy


def _series(found: Health, days: int, chosen: str) -> Iterator[Html]:
    if not found.series:
        yield missing(f"No attempt of the last {counted(days, 'day')}.", "forge run")
        return
    head, *rows = facts.table(found)
    names = [
        tag(
            "a",
            row[0],
            href=link("health", series=row[0]),
            aria_current="true" if row[0] == chosen else None,
        )
        for row in rows
    ]
    listed = table(head, [(name, *row[1:]) for name, row in zip(names, rows, strict=True)])
    notes = tag("ul", [tag("li", one) for one in facts.notes(found, days)], class_="note")
    yield section(f"The last {counted(days, 'day')}", listed, notes)
    for one in found.series:
        if one.name == chosen:
            yield section(f"{one.name}, by day", table(facts.DAYS_HEAD, facts.day_rows(one)))


def _places(found: Health) -> Html:
    slots = [
        (one.slot, one.champion or "none", f"{one.changed:%Y-%m-%d}", one.decided, one.rollbacks)
        for one in found.slots
    ]
    disks = [(one.path, size(one.free), size(one.total)) for one in found.disks]
    listed = [table(("disk", "free", "of"), disks)]
    if slots:
        head = ("slot", "champion", "since", "decisions since", "rollbacks")
        listed.insert(0, table(head, slots, numeric=3))
    return section("Champions and disks", *listed)
