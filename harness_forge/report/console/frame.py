"""What every page has: navigation, lists with the way to the next page, filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from harness_forge.core.numbers import NONE
from harness_forge.report.console.exchange import PageAnswer, PageRefused, link
from harness_forge.report.console.guard import TOKEN, ConsoleSession
from harness_forge.report.document import document
from harness_forge.report.html import Html, tag

_NAVIGATION = {
    "": "Overview",
    "runs": "Runs",
    "attempts": "Attempts",
    "datasets": "Datasets",
    "adapters": "Adapters",
    "trainings": "Trainings",
    "health": "Health",
}

MAY = "may mark attempts and approve adapters"
"""What a console does that may change something."""

VERDICTS = {"passed": "passed", "failed": "failed", "no_verdict": "no verdict"}
"""Outcome to its words."""


def page(
    session: ConsoleSession,
    here: str,
    title: str,
    *body: Any,
    about: Any = None,
    refresh_s: int = 0,
) -> PageAnswer:
    """Return a page.

    Args:
        here: its place in the navigation, by the first segment of the address.
        about: a sentence below the title.
        refresh_s: seconds after which a browser asks for it again.
    """
    return PageAnswer(_document(session, here, title, about, body, refresh_s))


def fault(refused: PageRefused, session: ConsoleSession) -> PageAnswer:
    """Return the page for a refusal. Without a key nothing else is shown."""
    title = {403: "Not allowed", 404: "Not found", 503: "Not available"}.get(
        refused.status, "Not understood"
    )
    line = tag("p", refused.what + ".", class_="gap")
    hint = tag("p", refused.hint, class_="note") if refused.hint else None
    body = _document(session, None, title, None, (line, hint), 0)
    return PageAnswer(body, status=refused.status)


def _document(
    session: ConsoleSession,
    here: str | None,
    title: str,
    about: Any,
    body: Iterable[Any],
    refresh_s: int,
) -> str:
    mode = MAY if session.write else "shows only"
    head = tag(
        "header",
        tag("p", f"harness-forge console, {mode}", class_="eyebrow"),
        tag("h1", title),
        tag("p", about, class_="about") if about else None,
    )
    links = [
        tag("a", name, href=link(*([at] if at else [])), aria_current=_current(at == here))
        for at, name in _NAVIGATION.items()
    ]
    main = tag("main", *body, id="content")
    skip = tag("a", "Skip to the content", href="#content", class_="skip")
    return document(
        f"{title}, forge ui", skip, tag("nav", links, aria_label="pages"), head, main,
        refresh_s=refresh_s,
    )  # fmt: skip


def _current(is_here: bool) -> str | None:
    return "page" if is_here else None


def verdict(word: str) -> Html:
    """Return an outcome as a badge, with its word."""
    kind = word if word in ("passed", "failed") else "missing"
    return tag("span", VERDICTS.get(word, word), class_=f"badge {kind}")


def when(value: Any) -> str:
    """Return a time to the minute, in its own zone's name; a dash for none."""
    if not isinstance(value, datetime):
        return str(value or NONE)
    return value.strftime("%Y-%m-%d %H:%M UTC" if not value.utcoffset() else "%Y-%m-%d %H:%M %z")


def facts(pairs: Iterable[tuple[str, Any]]) -> Html:
    """Return names and values; those without a value are left out."""
    shown = [
        (tag("dt", name), tag("dd", value)) for name, value in pairs if value not in (None, "")
    ]
    return tag("dl", shown, class_="facts")


def paging(*links: tuple[str, str | None]) -> Html:
    """Return links to other pages of a list: text and address; None leaves one out."""
    shown = [tag("a", text, href=to) for text, to in links if to]
    return tag("nav", shown, aria_label="pages of the list") if shown else Html("")


def filters(action: str, *fields: Html) -> Html:
    """Return a form whose fields become the query of an address."""
    button = tag("button", "Show", type="submit")
    return tag("form", *fields, button, action=action, method="get", class_="filters")


def choice(name: str, label: str, options: Mapping[str, str] | Sequence[str], now: str) -> Html:
    """Return a field with a list to choose from; a value that it lacks is added.

    Args:
        options: value to text, or values.
    """
    known = dict(options) if isinstance(options, Mapping) else {one: one for one in options}
    known |= {} if now in known else {now: now}
    shown = [
        tag("option", text, value=value, selected=value == now) for value, text in known.items()
    ]
    return tag("label", label, tag("select", shown, name=name))


def text_field(name: str, label: str, now: str, **more: Any) -> Html:
    """Return a field for a line of text."""
    return tag("label", label, tag("input", type="text", name=name, value=now, **more))


def form(session: ConsoleSession, action: str, *fields: Any) -> Html:
    """Return a form that changes something: it has the token."""
    hidden = tag("input", type="hidden", name=TOKEN, value=session.token)
    return tag("form", hidden, *fields, action=action, method="post", class_="filters")
