"""The frame of a page: its head, the style sheet in it, and what the page may do."""

from __future__ import annotations

from importlib.resources import files

from harness_forge.report.html import Html, tag

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing on a page may run or be fetched, whatever a model's answer says."""


def document(title: str, *body: Html, refresh_s: int = 0) -> str:
    """Return a whole page that needs nothing beside it.

    Args:
        refresh_s: seconds after which a browser asks for it again; 0 for never.
    """
    style = (files(__package__) / "style.css").read_text(encoding="utf-8")
    again = tag("meta", http_equiv="refresh", content=refresh_s) if refresh_s else None
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="color-scheme", content="light dark"),
        again,
        tag("title", title),
        tag("style", Html(style)),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', body), lang='en')}\n"
