"""Caps the examples of each category, independently of their order.

Which examples stay follows from a hash of each, not from its place: the cap
is a bottom-k sample of every category (E. Cohen and H. Kaplan, "Summarizing
data using bottom-k sketches", 2007), so it needs one pass to know and holds
no more than the cap for each category. More rows later change only who is
pushed out by them.
"""

from __future__ import annotations

import heapq
from hashlib import blake2b


class Balance:
    """Samples at most `cap` examples of each category, by the hash of their ids.

    Offer every example first, ask for each of them afterwards. Memory: about
    100 bytes for each example in the sample.

    Args:
        cap: examples of one category.
        seed: of the draw.
    """

    REASON = "balance"

    def __init__(self, cap: int, seed: int) -> None:
        self._cap = cap
        self._seed = seed
        self._heaps: dict[str, list[tuple[int, str]]] = {}

    def offer(self, category: str, example_id: str) -> bool:
        """Offer an example; return False where it can no longer be kept.

        The same id offered twice counts twice.
        """
        heap = self._heaps.setdefault(category, [])
        entry = (-rank(example_id, self._seed), example_id)
        if len(heap) < self._cap:
            heapq.heappush(heap, entry)
            return True
        return heapq.heappushpop(heap, entry) != entry

    def keeps(self, category: str, example_id: str) -> bool:
        """Return whether an offered example is kept."""
        heap = self._heaps[category]
        return (-rank(example_id, self._seed), example_id) >= heap[0]


def rank(example_id: str, seed: int) -> int:
    """Return an example's place in the draw of a seed, 64 bits; the lowest are kept."""
    key = str(seed).encode()[:64]
    digest = blake2b(example_id.encode(), key=key, digest_size=8).digest()
    return int.from_bytes(digest, "big")
