"""The model's own `generate`, for models that a running batch does not suit."""

from __future__ import annotations

import torch
from row import Generation


class Whole:
    """The model's own `generate`: greedy rows as one batch, sampled rows one by one.

    For models with layers that do not keep keys and values of all tokens, such as
    sliding windows.
    """

    patience_s = 0.3
    """How long to wait for more rows: none can join later."""

    def __init__(self, model, stops: set[int], slots: int) -> None:
        self._model, self._stops, self.free = model, stops, slots
        self.rows: list[Generation] = []

    def admit(self, rows: list[Generation]) -> list[Generation]:
        """Answer `rows`."""
        greedy = [row for row in rows if row.temperature <= 0]
        for group in [greedy] * bool(greedy) + [[row] for row in rows if row.temperature > 0]:
            self._answer(group)
        return rows

    def _answer(self, group: list[Generation]) -> None:
        width = max(len(row.prompt) for row in group)
        pads = [width - len(row.prompt) for row in group]
        stop = min(self._stops)
        ids = [[stop] * pad + row.prompt for pad, row in zip(pads, group, strict=True)]
        mask = [[0] * pad + [1] * (width - pad) for pad in pads]
        torch.manual_seed(group[0].dice.initial_seed())
        warm = {"temperature": group[0].temperature} if group[0].temperature > 0 else {}
        out = self._model.generate(
            input_ids=torch.tensor(ids, device=self._model.device),
            attention_mask=torch.tensor(mask, device=self._model.device),
            max_new_tokens=max(row.limit for row in group),
            do_sample=bool(warm),
            pad_token_id=stop,
            eos_token_id=sorted(self._stops),
            **warm,
        )
        for row, tokens in zip(group, out[:, width:].tolist(), strict=True):
            ends = (n + 1 for n, token in enumerate(tokens) if token in self._stops)
            row.new = tokens[: min(next(ends, len(tokens)), row.limit)]
            row.stopped = row.new[-1] in self._stops
