"""Who runs forge, as this machine calls them."""

from __future__ import annotations

import getpass
import os


def account() -> str:
    """Return the account's name; its number where it has none, as in containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"account {os.getuid()}"
