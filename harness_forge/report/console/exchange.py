"""What a browser asks, and what it gets: a page, a redirection, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode

LONGEST_FIELD = 10_000
"""Characters of one field of a form or a query."""


class PageRefused(Exception):
    """A request that is not answered as asked.

    Args:
        status: of HTTP.
        what: what is wrong.
        hint: what to do.
    """

    def __init__(self, status: int, what: str, hint: str = "") -> None:
        self.status, self.what, self.hint = status, what, hint
        super().__init__(what)


@dataclass(frozen=True)
class PageRequest:
    """A request as it was read.

    Args:
        method: GET or POST.
        path: its segments, decoded; () is the first page.
        query, form: of several fields with one name the first.
        headers: by name in lower case.
    """

    method: str
    path: Sequence[str]
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def number(self, name: str, most: int = 2**63 - 1) -> int | None:
        """Return a field of the query as a whole number of 1 or more; None if it is not there.

        Raises:
            PageRefused: it is something else.
        """
        text = self.query.get(name, "")
        return whole_number(text, name, most) if text else None


@dataclass(frozen=True)
class PageAnswer:
    """A page, or where to go instead.

    Args:
        body: HTML.
        location: of a redirection; '' for none.
        cookie: to be kept by the browser; '' for none.
    """

    body: str = ""
    status: int = 200
    location: str = ""
    cookie: str = ""


def whole_number(text: str, name: str, most: int = 2**63 - 1) -> int:
    """Return a whole number of 1 to `most`.

    Raises:
        PageRefused: it is none.
    """
    if text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most:
        return int(text)
    what = f"{name}={text[:40]!r} is no number of this list"
    raise PageRefused(400, what, "begin again on its first page")


def request(method: str, target: str, headers: Mapping[str, str], body: str = "") -> PageRequest:
    """Return the request for a target such as `/attempts/stig/12?with=13`.

    Raises:
        PageRefused: the target is none of ours, or a field is too long.
    """
    path, _, query = target.partition("?")
    if not path.startswith("/") or len(target) > LONGEST_FIELD:
        raise PageRefused(400, "the address is not one of this console")
    segments = [unquote(one) for one in path.strip("/").split("/")] if path.strip("/") else []
    return PageRequest(method, segments, _fields(query), _fields(body), headers)


def link(*path: str, **query: str | int | None) -> str:
    """Return the address of a page; fields that are empty are left out."""
    whole = "/" + "/".join(_quoted(one) for one in path)
    fields = {name.rstrip("_"): value for name, value in query.items() if value not in (None, "")}
    return f"{whole}?{urlencode(fields, errors='replace')}" if fields else whole


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise PageRefused(400, "the address or the form has too many fields") from None
    for name, value in pairs:
        if len(value) > LONGEST_FIELD:
            raise PageRefused(
                400, f"{name[:40]} is too long", f"at most {LONGEST_FIELD} characters"
            )
        found.setdefault(name, value)
    return found
