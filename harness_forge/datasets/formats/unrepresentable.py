"""The exception for examples that a format cannot represent."""

from __future__ import annotations


class Unrepresentable(Exception):
    """A format cannot represent the whole example; `args[0]` is the ledger's reason.

    Nothing is left out to make it fit: a line that says less than its row
    would teach something else.
    """
