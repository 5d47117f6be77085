"""Loaded by vLLM's API server: what a web page sends is refused before vLLM reads it.

vLLM 0.32 keeps answers from pages of other origins, but acts on what they ask. A
page may also call a name of its own this machine's address, and then it is of the
same origin as the server: so the name that was asked for must be this machine's.

vLLM's `--middleware` imports this file, in its own environment.
"""

import ipaddress
import os
import re

_ELSEWHERE = ("cross-site", "same-site")
_NAMES = {"localhost", *filter(None, os.environ.get("FORGE_SERVE_NAMES", "").lower().split(","))}
"""Further names of this server, where other programs call it so: `vllm` in a compose file."""


class Pages:
    """Answers 403 to a request of a page of another origin, and to one for another name.

    Args:
        app: what answers the others.
    """

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        """Answer one request, or let vLLM do so."""
        why = refusal(scope) if scope["type"] in ("http", "websocket") else None
        if why is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            kind = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": kind})
            await send({"type": "http.response.body", "body": f"{why}\n".encode()})


def refusal(scope):
    """Return why a request is refused, or None."""
    facts = {}
    for name, value in scope["headers"]:
        name, value = name.decode("latin-1").lower(), value.decode("latin-1").strip().lower()
        if name in facts and name in ("host", "origin", "sec-fetch-site"):
            return f"the header {name} is there twice"
        facts[name] = value
    host = facts.get("host", "")
    if not _own(host):
        return "the server answers to this machine's own names alone"
    if "origin" in facts and facts["origin"] != f"http://{host}":
        return "a web page may not ask the server"
    if facts.get("sec-fetch-site", "") in _ELSEWHERE:
        return "a web page may not ask the server"
    return None


def _own(host):
    """Return whether a Host header names this machine."""
    parts = re.fullmatch(r"(\[[^\[\]]*\]|[^:]*)(:\d+)?", host)
    if not parts:
        return False
    try:
        return ipaddress.ip_address(parts[1].strip("[]")).is_loopback
    except ValueError:
        return parts[1] in _NAMES
