"""Lines of a dataset: examples and pairs, and the ledger's lines of rows that are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness_forge.core.dataset_files import LEDGER
from harness_forge.core.errors import ForgeError
from harness_forge.core.numbers import count
from harness_forge.datasets import windows
from harness_forge.datasets.trace import SOURCE, attempts_of
from harness_forge.report.console import frame, messages
from harness_forge.report.console.exchange import PageAnswer, PageRefused, PageRequest, link
from harness_forge.report.console.guard import ConsoleSession
from harness_forge.report.console.site import ConsoleSite
from harness_forge.report.html import Html, table, tag
from harness_forge.store.labels.flags import flags_of

_EXAMPLES = 10
"""Lines of a page of examples: a line is a whole conversation."""
_SIDES = ("chosen", "rejected")
_TALKS = ("messages", "prompt", "conversations")


def examples(request: PageRequest, session: ConsoleSession, name: str, path: Path) -> PageAnswer:
    """Return some lines of a file: conversations, or both answers of a pair side by side."""
    first = request.number("from") or 1
    try:
        found = windows.window(path, first, _EXAMPLES)
    except (OSError, EOFError) as error:
        raise PageRefused(404, f"{path} cannot be read: {error}", "forge export") from None
    if not found.lines and first > 1:
        raise PageRefused(
            404, f"{path.name} has fewer than {count(first)} lines", "see its first page"
        )
    where = ("datasets", name, "lines", path.name)
    links = frame.paging(
        ("First lines", link(*where) if first > 1 else None),
        ("Next lines", link(*where, from_=found.following) if found.following else None),
    )
    shown = [_example(number, value) for number, value in found.lines]
    about = tag("a", f"Dataset {name}", href=link("datasets", name))
    empty = None if shown else tag("p", "The file is empty.", class_="gap")
    return frame.page(session, "datasets", path.name, empty, *shown, links, about=about)


def left_out(
    site: ConsoleSite,
    request: PageRequest,
    session: ConsoleSession,
    name: str,
    folder: Path,
    reasons: Mapping[str, Any],
) -> PageAnswer:
    """Return some rows that an export left out, with the reason and what the ledger says of it."""
    reason = request.query.get("reason", "")
    first = request.number("from") or 1
    try:
        found = windows.left_out(folder, reason, first, site.config.ui.page)
    except OSError as error:
        what = f"{folder / LEDGER} cannot be read: {error.strerror}"
        raise PageRefused(404, what, "forge export") from None
    where = ("datasets", name, "left-out")
    following = link(*where, reason=reason, from_=found.following)
    links = frame.paging(
        ("First", link(*where, reason=reason) if first > 1 else None),
        ("Search on" if found.searched else "Next", following if found.following else None),
    )
    ways = _ways(site, [entry for _, entry in found.lines])
    rows = [_left_out(number, entry, ways) for number, entry in found.lines]
    shown = table(("line", "row", "reason", "what the ledger says"), rows, numeric=9)
    choose = frame.filters(
        link(*where),
        frame.choice("reason", "reason", {"": "any"} | {r: r for r in reasons}, reason),
    )
    about = tag("a", f"Dataset {name}", href=link("datasets", name))
    return frame.page(
        session, "datasets", "Rows left out", choose, _gap(found), shown if rows else None, links,
        about=about,
    )  # fmt: skip


def _example(number: int, value: Any) -> Html:
    if value is None:
        gap = tag("p", "The line is no JSON.", class_="gap")
        return tag("article", tag("h2", f"Line {number}"), gap)
    if not isinstance(value, Mapping):
        return tag("article", tag("h2", f"Line {number}"), messages.block(messages.pretty(value)))
    talks = [key for key in _TALKS if isinstance(value.get(key), list)]
    sides = [key for key in _SIDES if key in value]
    rest = {key: one for key, one in value.items() if key not in (*talks, *sides, "tools")}
    body = [messages.conversation(value[key]) for key in talks]
    if sides:
        body.append(tag("div", [_side(key, value[key]) for key in sides], class_="pair"))
    body.append(messages.folded("everything else of the line", messages.pretty(rest)))
    title = tag("h2", f"Line {number}", tag("span", f" {value.get('id', '')}", class_="note"))
    return tag("article", title, *body)


def _side(name: str, value: Any) -> Html:
    talk = value if isinstance(value, list) else [value]
    kind = "passed" if name == "chosen" else "failed"
    return tag("div", tag("h3", name, class_=kind), messages.conversation(talk))


def _left_out(number: int, entry: Mapping[str, Any], ways: Mapping[str, Sequence[Any]]) -> tuple:
    source = str(entry.get("source", ""))
    own = ("source", "kept", "reason")
    more = [f"{key} {one}" for key, one in entry.items() if key not in own]
    address, flags = ways.get(source, (None, ""))
    row = tag("a", source, href=address) if address else tag("code", source)
    told = [", ".join(more), " " if more and flags else "", flags]
    return count(number), row, str(entry.get("reason", "")).replace("_", " "), told


def _ways(site: ConsoleSite, entries: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Return for each row that the store still has the address of its attempt, and its flags."""
    by_table: dict[tuple[str, str], list[int]] = {}
    for entry in entries:
        if found := SOURCE.fullmatch(str(entry.get("source", ""))):
            by_table.setdefault((found[1], found[2]), []).append(int(found[3]))
    ways: dict[str, tuple[str, str]] = {}
    for (skill, kind), ids in by_table.items():
        try:
            with site.reading(skill) as connection:
                numbers = attempts_of(connection, kind, ids)
                flags = flags_of(connection, kind, ids)
        except (ForgeError, PageRefused):
            continue  # the ledger is shown without the store, too
        for row, attempt in numbers.items():
            told = "; ".join(f"{f.reason}: {f.evidence.get('why') or f.why}" for f in flags[row])
            ways[f"{skill}.{kind}:{row}"] = link("attempts", skill, str(attempt)), told
    return ways


def _gap(found: windows.LinesWindow) -> Html | None:
    if found.searched:
        text = f"Looked through the ledger up to line {count((found.following or 1) - 1)}."
        return tag("p", text, class_="gap")
    return None if found.lines else tag("p", "No row was left out so.", class_="gap")
