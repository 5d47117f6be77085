"""Opens connections with forge's application name, which distinguishes them from others."""

from __future__ import annotations

from typing import Any

import psycopg

NAME = "harness-forge"
"""The application name of every connection of forge."""


def connect(url: str, timeout_s: int = 10, **options: Any) -> psycopg.Connection:
    """Return a connection.

    Args:
        timeout_s: seconds to wait for it, unless `url` says.
        options: as `psycopg.connect` takes them.
    """
    if "connect_timeout=" not in url:
        options["connect_timeout"] = timeout_s
    return psycopg.connect(url, application_name=NAME, **options)
