"""Loaded by vLLM's API server: refuses requests of web pages before vLLM reads them.

vLLM 0.32 hides answers from pages of other origins, but executes their requests. A page
may also resolve a name of its own to this machine's address, and then it has the same
origin as the server. So the Host header must name this machine.

vLLM's `--middleware` imports this file, in its own environment.
"""

import ipaddress
import os
import re

_ELSEWHERE = ("cross-site", "same-site")
_NAMES = {"localhost", *filter(None, os.environ.get("FORGE_SERVE_NAMES", "").lower().split(","))}
"""Further host names of this server, such as `vllm` in a compose file."""


class Pages:
    """Answers 403 to a request of a page of another origin, or for another host name.

    Args:
        app: answers all other requests.
    """

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        """Refuse a request, or pass it to vLLM."""
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
