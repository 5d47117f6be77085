"""Keys and values of a running batch, and attention that reads them in place.

Part of the local model's worker: runs in a workset's Python, beside `batch`.
"""

from __future__ import annotations

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.cache_utils import Cache

NAME = "harness_forge_in_place"
"""The name of `attend` in a model's settings."""
GROWTH = 128
"""Tokens by which all slots grow when one is full."""


class Slots(Cache):
    """A slot for each row: per layer (slots, heads, tokens, size of a head).

    Token i of a row is at position i, whatever the other rows' lengths, so that
    a row can leave, or move to another slot, without moving anything else. A
    concatenated cache would copy the whole batch at every token.

    Args:
        count: number of slots.
    """

    def __init__(self, count: int) -> None:
        super().__init__(layers=[])
        self._count, self._length = count, 0
        self._keys: list[torch.Tensor] = []
        self._values: list[torch.Tensor] = []

    def aim(self, first: int, places: torch.Tensor) -> torch.Tensor:
        """Set the rows and positions of the next forward pass; return its mask.

        Args:
            first: slot of its first row; the other rows follow.
            places: (rows, tokens), the position of each token of the pass.

        Returns:
            (rows, 1, tokens, longest row) of bool: a token sees itself and those before.
        """
        rows, self._end = len(places), int(places.max()) + 1
        self._rows, self._places = slice(first, first + rows), places
        self._lines = torch.arange(rows, device=places.device)[:, None]
        if self._end > self._length:
            self._length = -(-self._end // GROWTH) * GROWTH
            for kept in (self._keys, self._values):
                kept[:] = [self._longer(old) for old in kept]
        return torch.arange(self._end, device=places.device) <= places[:, None, :, None]

    def update(self, key_states, value_states, layer_idx, *args, **kwargs):
        """Write one layer's new states; return views of all states of its rows."""
        found = []
        for kept, states in ((self._keys, key_states), (self._values, value_states)):
            if layer_idx == len(kept):
                heads, size = states.shape[1], states.shape[3]
                kept.append(states.new_zeros(self._count, heads, self._length, size))
            rows = kept[layer_idx][self._rows]
            rows[self._lines, :, self._places] = states.transpose(1, 2)
            found.append(rows[:, :, : self._end])
        return tuple(found)

    def copy(self, source: int, target: int, length: int) -> None:
        """Copy the first `length` tokens of the slot `source` to the slot `target`."""
        for kept in (*self._keys, *self._values):
            kept[target, :, :length] = kept[source, :, :length]

    def _longer(self, old: torch.Tensor) -> torch.Tensor:
        # Zeros, not uninitialised memory: a masked NaN still makes its whole row NaN.
        new = old.new_zeros(*old.shape[:2], self._length, old.shape[3])
        new[:, :, : old.shape[2]] = old
        return new


def attend(module, query, key, value, attention_mask, scaling=None, **other):
    """Return grouped-query attention without repeating keys and values.

    Queries that share a key head are lined up as if they were tokens:
    (rows, key heads, group * tokens, size).

    Raises:
        NotImplementedError: the model's attention is more than a mask.
    """
    if any(other.get(name) is not None for name in ("softcap", "s_aux", "sliding_window")):
        raise NotImplementedError("softcap, sink or window")
    rows, heads, tokens, size = query.shape
    group = heads // key.shape[1]
    query = query.reshape(rows, key.shape[1], group * tokens, size)
    if tokens > 1:
        attention_mask = attention_mask.repeat(1, 1, group, 1)
    out = scaled_dot_product_attention(query, key, value, attn_mask=attention_mask, scale=scaling)
    return out.reshape(rows, heads, tokens, -1).transpose(1, 2), None


AttentionInterface.register(NAME, attend)
