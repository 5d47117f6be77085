"""Who may see and change anything: the browser that was given the key, and no other page.

The key is in the address that `forge ui` prints; other accounts of the machine do not
know it. A browser keeps it as a cookie. Three things stop other web pages: the name that
a request is addressed to must be this host's (a page may have its own name resolve to
127.0.0.1), a POST must come from this very origin, and its form must hold a token that
only our pages have.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from harness_forge.report.console.exchange import PageRefused, PageRequest
from harness_forge.serving.proxy.privacy import is_local

KEY, TOKEN = "key", "token"
"""The field of the address with the key; the field of a form with the token."""
FORM = "application/x-www-form-urlencoded"

_SEE = "open the address that `forge ui` printed"


def _secret() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class ConsoleSession:
    """The secrets of one start of the console.

    Args:
        port: browsers keep cookies by host, not by port, so that its name has it.
        write: whether anything may be changed.
    """

    port: int
    write: bool = False
    key: str = field(default_factory=_secret)
    token: str = field(default_factory=_secret)

    @property
    def cookie(self) -> str:
        """The cookie that a browser is given for the key."""
        return f"{self._name}={self.key}; Path=/; HttpOnly; SameSite=Lax"

    @property
    def _name(self) -> str:
        return f"forge-ui-{self.port}"

    def check_host(self, request: PageRequest) -> None:
        """Refuse a request that is addressed to another name than this host's.

        Raises:
            PageRefused: it is.
        """
        host = request.headers.get("host", "")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if not is_local(name):
            raise PageRefused(403, f"the console is not {host[:100] or 'without a name'}", _SEE)

    def given(self, request: PageRequest) -> bool:
        """Return whether the address has the key.

        Raises:
            PageRefused: it has another one.
        """
        if KEY not in request.query:
            return False
        if not _same(request.query[KEY], self.key):
            raise PageRefused(403, "the key is not of this start of the console", _SEE)
        return True

    def check_key(self, request: PageRequest) -> None:
        """Refuse a browser that was not given the key.

        Raises:
            PageRefused: it has none, or an old one.
        """
        try:
            found = SimpleCookie(request.headers.get("cookie", "")).get(self._name)
        except CookieError:
            found = None
        if found is None or not _same(found.value, self.key):
            raise PageRefused(403, "this browser has no key, or one of an earlier start", _SEE)

    def check_post(self, request: PageRequest) -> None:
        """Refuse a change that is not allowed, or that another page asks for.

        Raises:
            PageRefused: see there.
        """
        if not self.write:
            raise PageRefused(403, "the console only shows", "forge ui ui.write=true")
        headers = request.headers
        here = f"http://{headers.get('host', '')}".lower()
        if headers.get("origin", "").strip().lower() != here:
            raise PageRefused(403, "the request comes from another page", _SEE)
        if headers.get("sec-fetch-site", "same-origin").strip().lower() != "same-origin":
            raise PageRefused(403, "the request comes from another page", _SEE)
        if headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise PageRefused(403, f"a form is {FORM}")
        if not _same(request.form.get(TOKEN, ""), self.token):
            raise PageRefused(
                403, "the form is of an earlier start of the console", "load it again"
            )


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())
