"""Writes HTML: every text is escaped unless it was made here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harness_forge.core.escapes import html as escaped

_VOID = {"meta", "br", "col", "input"}
_ROLES = {"th": "columnheader", "td": "cell"}
"""Said outright: where the page is narrow its style takes a table's roles away."""


class Html(str):
    """Markup that is safe to use unchanged; a plain `str` beside it is escaped."""

    __slots__ = ()


def tag(name: str, /, *children: Any, **attributes: Any) -> Html:
    """Return one element.

    Args:
        children: Html as it is, other texts escaped, None left out, lists in a row.
        attributes: `class_` is class, `_` becomes `-`; None leaves one out,
            True writes its bare name.
    """
    inside = "".join(_text(child) for child in children)
    open_ = f"<{name}{''.join(_attributes(attributes))}>"
    if name in _VOID:
        return Html(open_)
    return Html(f"{open_}{inside}</{name}>")


def join(parts: Iterable[Any]) -> Html:
    """Return parts in a row."""
    return Html("".join(_text(part) for part in parts))


def table(
    head: Iterable[Any], rows: Iterable[Iterable[Any]], *, numeric: int = 1, stacks: bool = True
) -> Html:
    """Return a table that scrolls by itself where the page is narrow.

    Args:
        numeric: columns from this one on are set flush right.
        stacks: where the page is narrow, each row becomes a paragraph instead.
    """

    titles = list(head)

    def cells(kind: str, row: Iterable[Any]) -> list[Html]:
        return [
            tag(
                kind,
                cell,
                role=_ROLES[kind],
                class_="n" if at >= numeric else None,
                scope=_scope(kind),
                # On a narrow page the cells are below each other, each with its name.
                data_label=titles[at] if kind == "td" else None,
            )
            for at, cell in enumerate(row)
        ]

    body = [tag("tr", cells("td", row), role="row") for row in rows]
    top = tag("thead", tag("tr", cells("th", titles), role="row"), role="rowgroup")
    inside = top, tag("tbody", body, role="rowgroup")
    inner = tag("table", inside, role="table", class_="stacks" if stacks else None)
    label = f"table: {', '.join(str(title) for title in titles if title)}"
    return tag("div", inner, class_="scroll", role="region", tabindex="0", aria_label=label)


def section(title: str, *children: Any, about: str = "") -> Html:
    """Return a section with its heading, and what one is looking at."""
    identity = "".join(c if c.isalnum() else "-" for c in title.lower())
    text = tag("p", about, class_="about") if about else None
    return tag("section", tag("h2", title), text, *children, id=identity)


def missing(what: str, command: str) -> Html:
    """Return the line that is shown for missing material."""
    return tag("p", f"{what} Run ", tag("code", command), ".", class_="gap")


def not_replayed(what: str, nothing: str) -> Html:
    """Return the line that is shown for material of a replay that is missing.

    Args:
        nothing: why nothing can be replayed; '' where something can.
    """
    if nothing:
        return tag("p", f"Nothing can be replayed: {nothing}.", class_="gap")
    return missing(what, "forge replay")


def _scope(kind: str) -> str | None:
    return "col" if kind == "th" else None


def _attributes(attributes: dict[str, Any]) -> Iterable[str]:
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        plain = name.rstrip("_").replace("_", "-")
        yield f" {plain}" if value is True else f' {plain}="{escaped(value, quote=True)}"'


def _text(child: Any) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, list | tuple):
        return "".join(_text(one) for one in child)
    return escaped(child)
