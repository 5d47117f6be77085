"""A compact set of digests."""

from __future__ import annotations

_SIZE = 16
_REST = _SIZE - 2


class DigestSet:
    """A set of 16-byte digests in about 20 bytes each, where Python's own takes 115.

    A million digests take 20 MB. Digests that begin with the same two bytes
    are stored one after the other in one byte string, which is searched.
    """

    def __init__(self) -> None:
        self._after: dict[bytes, bytearray] = {}

    def __contains__(self, mark: bytes) -> bool:
        among = self._after.get(mark[:2])
        if among is None:
            return False
        rest = mark[2:]
        at = among.find(rest)
        while at > 0 and at % _REST:  # it is across two others
            at = among.find(rest, at + 1)
        return at >= 0

    def add(self, mark: bytes) -> None:
        """Add a digest of 16 bytes that is not there yet."""
        self._after.setdefault(mark[:2], bytearray()).extend(mark[2:])
