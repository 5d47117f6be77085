"""Store URLs: checks them, converts them for libpq and SQLAlchemy, hides passwords."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote

from harness_forge.core.errors import StoreError

_FORM = re.compile(r"^postgres(?:ql)?(?:\+psycopg)?://", re.IGNORECASE)
# A password may hold an unescaped '@': the last '@' before the path ends it.
_USERINFO = re.compile(r"(?<=://)([^:/@?]*):([^/?]*)@")
_QUERY = re.compile(r"(?<=[?&]password=)[^&]*", re.IGNORECASE)


def normalise(url: str) -> str:
    """Return `url` as libpq reads it: `postgresql://...`.

    Raises:
        StoreError: not a PostgreSQL URL.
    """
    if not _FORM.match(url):
        raise StoreError(
            mask(url) or "store.url",
            "is not a PostgreSQL URL",
            "write postgresql://user:password@host:5432/database, or leave store.url out"
            " for the embedded server",
        )
    return _FORM.sub("postgresql://", url)


def for_sqlalchemy(url: str) -> str:
    """Return a URL that SQLAlchemy opens with psycopg 3."""
    return _FORM.sub("postgresql+psycopg://", url)


def for_socket(folder: str, user: str, database: str) -> str:
    """Return the URL of a server that listens on a Unix socket in `folder`.

    The port is named because PGPORT would otherwise choose another socket.
    """
    return f"postgresql://{user}@/{database}?host={quote(folder, safe='/')}&port=5432"


def mask(url: str) -> str:
    """Return `url` with its password replaced by `***`."""
    return _QUERY.sub("***", _USERINFO.sub(r"\1:***@", url))


def scrub(text: str, url: str) -> str:
    """Return a server's message without the password of `url`.

    libpq quotes parts of a URL that it cannot read.
    """
    for secret in _secrets(url):
        text = text.replace(secret, "***")
    return text


def _secrets(url: str) -> list[str]:
    found = [match[1] for match in _USERINFO.findall(url)]
    found += [value for key, value in parse_qsl(url.partition("?")[2]) if key == "password"]
    both = {form for secret in found for form in (secret, unquote(secret))}
    return sorted((form for form in both if form), key=len, reverse=True)
