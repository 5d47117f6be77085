"""What a format has no room for."""

from __future__ import annotations


class Unrepresentable(Exception):
    """An example that a format cannot hold whole; `args[0]` is the ledger's reason.

    Nothing is left out to make it fit: a line that says less than its row
    would teach something else.
    """
