"""Refuses requests of web pages: a page must not write training data.

A browser lets any page post text to any address, this one too, and only hides the
answer from the page. Its headers name the page's origin, and a page cannot change those.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness_forge.serving.proxy.request import RequestRefused

_JSON = "application/json"
_ELSEWHERE = ("cross-site", "same-site")
_SHOWN = 100


def check_origin(headers: Mapping[str, str]) -> None:
    """Refuse a request that a page of another origin has sent.

    Programs send neither header. `null` is the origin of a file, of a sandboxed
    frame and of redirects, so of anybody.

    Args:
        headers: by name in lower case; `host` is checked elsewhere.

    Raises:
        RequestRefused: it comes from a page of another origin.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "").strip().lower()
    if origin is not None and origin.strip().lower() != f"http://{headers.get('host', '')}".lower():
        raise RequestRefused(403, f"a web page may not ask the proxy (origin {origin[:_SHOWN]})")
    if site in _ELSEWHERE:
        raise RequestRefused(403, f"a web page may not ask the proxy (sec-fetch-site {site})")


def check_method(method: bytes, only: str = "") -> None:
    """Refuse a request with a method that its path does not take.

    Args:
        only: the method that the path takes; '' for any.

    Raises:
        RequestRefused: it is a browser's preflight of a page's request, or another method.
    """
    if method == b"OPTIONS":
        raise RequestRefused(405, "OPTIONS is not passed on: web pages may not ask the proxy")
    if only and method != only.encode():
        raise RequestRefused(405, f"this path takes {only} alone")


def check_body(method: bytes, headers: Mapping[str, str]) -> None:
    """Refuse a body that is not declared as JSON: another page cannot declare that unasked.

    Raises:
        RequestRefused: a body is posted as another type, or without a type.
    """
    text = headers.get("content-type", "")
    if method == b"POST" and text.partition(";")[0].strip().lower() != _JSON:
        said = f"not {text[:_SHOWN]}" if text else "and content-type must say so"
        raise RequestRefused(415, f"the body must be {_JSON}, {said}")
