"""The server of the console: reads requests, asks the guard, answers with pages.

It listens on 127.0.0.1, answers one request a connection, and a few at a time.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness_forge.core.errors import ServeError
from harness_forge.report.console.exchange import PageAnswer, PageRefused, PageRequest, request
from harness_forge.report.console.guard import KEY, ConsoleSession

HOST = "127.0.0.1"
BODY = 64_000
"""Bytes of a form at most."""
AT_ONCE = 8
"""Requests that are answered at once; others wait."""

Pages = Callable[[PageRequest, ConsoleSession], PageAnswer]
Fault = Callable[[PageRefused, ConsoleSession], PageAnswer]

_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With `no-referrer` browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class ConsoleServer(ThreadingHTTPServer):
    """The listening socket, and what answers.

    Args:
        port: 0 takes a free one.
        write: whether pages may change anything.
        pages: answers a request that the guard let in.
        fault: shows a refusal.

    Raises:
        ServeError: the port is taken.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, write: bool, pages: Pages, fault: Fault) -> None:
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            what = f"cannot listen there: {getattr(error, 'strerror', None) or error}"
            hint = f"ui.port={port + 1}, or ui.port=0 for a free one"
            raise ServeError(f"{HOST}:{port}", what, hint) from None
        self.session = ConsoleSession(self.server_address[1], write)
        self.pages, self.fault = pages, fault
        self.slots = threading.BoundedSemaphore(AT_ONCE)

    @property
    def url(self) -> str:
        """The address to open, with the key."""
        return f"http://{HOST}:{self.session.port}/?{KEY}={self.session.key}"

    def handle_error(self, _request: object, _address: object) -> None:
        """Say in a line what a connection broke on; browsers drop some all the time."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError | socket.timeout):
            print(f"forge ui: {type(error).__name__}: {error}", file=sys.stderr)


class _Handler(BaseHTTPRequestHandler):
    server: ConsoleServer
    server_version, sys_version = "forge-ui", ""
    timeout = 20

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, *_: object) -> None:
        """Write no log: addresses hold the key."""

    def _answer(self, method: str) -> None:
        session = self.server.session
        try:
            answer = self._asked(method, session)
        except PageRefused as refused:
            answer = self.server.fault(refused, session)
        self._send(answer)

    def _asked(self, method: str, session: ConsoleSession) -> PageAnswer:
        headers = {name.lower(): value for name, value in self.headers.items()}
        # What a request says is not read before it is known to be addressed to this host.
        session.check_host(PageRequest(method, (), headers=headers))
        asked = request(method, self.path, headers, self._body() if method == "POST" else "")
        if method == "GET" and session.given(asked):
            return PageAnswer(status=303, location="/", cookie=session.cookie)
        session.check_key(asked)
        if method == "POST":
            session.check_post(asked)
        with self.server.slots:
            return self.server.pages(asked, session)

    def _body(self) -> str:
        text = self.headers.get("content-length", "")
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise PageRefused(411, "the form does not say how long it is")
        if int(text) > BODY:
            raise PageRefused(413, f"the form is longer than {BODY} bytes")
        return self.rfile.read(int(text)).decode("utf-8", "replace")

    def _send(self, answer: PageAnswer) -> None:
        body = answer.body.encode("utf-8", "backslashreplace")
        self.send_response(answer.status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if answer.location:
            self.send_header("Location", answer.location)
        if answer.cookie:
            self.send_header("Set-Cookie", answer.cookie)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
