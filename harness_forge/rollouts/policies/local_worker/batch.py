"""A running batch that rows join and leave at any token."""

from __future__ import annotations

import torch
from choosing import pick
from row import Generation
from slots import NAME, Slots

PASS_TOKENS = 4096
"""Most prompt tokens in one forward pass, to bound its memory."""


class Batch:
    """Rows answered together, each starting and ending on its own.

    A row that ends frees its slot for the next at once. The states of a prompt's
    opening are copied from a slot that has them: prompts of one role open with
    the same system text and tool schema, most of their length.

    Args:
        model: its attention is set to ours.
        stops: tokens that end an answer.
        slots: most rows at a time.
    """

    patience_s = 0.0
    """How long to wait for more rows: not at all, as they may join at any token."""

    def __init__(self, model, stops: set[int], slots: int) -> None:
        model.set_attn_implementation(NAME)
        self._model, self._stops = model, stops
        self._cache = Slots(slots)
        self._held: list[list[int]] = [[] for _ in range(slots)]  # each slot's tokens
        self.rows: list[Generation] = []  # row n is in slot n

    @property
    def free(self) -> int:
        """How many rows may be admitted now."""
        return len(self._held) - len(self.rows)

    def admit(self, rows: list[Generation]) -> list[Generation]:
        """Run the prompts of `rows`; return those that ended with their first token."""
        while rows:
            group, rows = self._together(rows)
            self._start(group)
        return self._leave()

    def step(self) -> list[Generation]:
        """Add a token to every row; return the rows that ended."""
        places = torch.tensor([[len(row.prompt) + len(row.new) - 1] for row in self.rows])
        tokens = torch.tensor([row.new[-1:] for row in self.rows])
        self._add(self.rows, self.forward(0, tokens, places))
        return self._leave()

    def forward(self, first: int, tokens, places):
        """Return the logits after each row's last token: (rows, vocabulary)."""
        device = self._model.device
        tokens, places = tokens.to(device), places.to(device)
        seen = self._cache.aim(first, places)
        mask = torch.zeros(seen.shape, dtype=self._model.dtype, device=device)
        return self._model(
            input_ids=tokens,
            attention_mask=mask.masked_fill_(~seen, -torch.inf),
            position_ids=places,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]

    def _together(self, rows: list[Generation]) -> tuple[list[Generation], list[Generation]]:
        """Put rows into slots that can run in one pass; return them and the others.

        All run as many tokens as the row that has least in common with a slot, so
        that no row is padded. A row that has more in common with the first of them
        than with any slot waits until the first has run.
        """
        group, later, width = [], [], 0
        for row in rows:
            slot = len(self.rows) + len(group)
            source, shared = self._nearest(row)
            wide = max(width, len(row.prompt) - shared)
            if group and (
                common(row.prompt, group[0].prompt) > shared
                or min(len(other.prompt) for other in (row, *group)) < wide
                or wide * (len(group) + 1) > PASS_TOKENS
            ):
                later.append(row)
                continue
            if source != slot:
                self._cache.copy(source, slot, shared)
            self._held[slot] = row.prompt[:shared]
            group.append(row)
            width = wide
        return group, later

    def _nearest(self, row: Generation) -> tuple[int, int]:
        """Return the slot with the longest common opening, and that opening's length in tokens."""
        shared = [common(row.prompt, held) for held in self._held]
        best = shared.index(max(shared))
        return best, min(shared[best], len(row.prompt) - 1)  # run the last token, for its logits

    def _start(self, group: list[Generation]) -> None:
        first = len(self.rows)
        held = self._held[first : first + len(group)]
        width = max(len(row.prompt) - len(had) for row, had in zip(group, held, strict=True))
        tokens = torch.tensor([row.prompt[-width:] for row in group])
        ends = torch.tensor([[len(row.prompt)] for row in group])
        logits = self.forward(first, tokens, ends + torch.arange(-width, 0))
        for slot, row in enumerate(group, first):
            self._held[slot] = row.prompt
        self.rows += group
        self._add(group, logits)

    def _add(self, rows: list[Generation], logits) -> None:
        for row, token in zip(rows, pick(self._model.generation_config, rows, logits), strict=True):
            row.new.append(token)
            row.stopped = token in self._stops

    def _leave(self) -> list[Generation]:
        gone = []
        for slot in reversed(range(len(self.rows))):
            if self.rows[slot].over:
                gone.append(self.rows[slot])
                last = self.rows.pop()
                if slot < len(self.rows):  # the last row takes the free slot
                    self.rows[slot], self._held[slot] = last, last.prompt
                    self._cache.copy(len(self.rows), slot, len(last.prompt) + len(last.new) - 1)
        return gone


def agrees(model) -> bool:
    """Return whether `Batch` gives the same logits as the model alone.

    Runs two rows in three passes: from the start, several tokens after others,
    and one token each at different lengths.
    """
    size = model.config.get_text_config().vocab_size
    tokens, places = torch.tensor([[(7 * n * n + 3) % size for n in range(20)]]), torch.arange(20)
    wanted = model(input_ids=tokens.to(model.device)).logits[0, -2:].float()
    before = model.config._attn_implementation
    try:
        batch = Batch(model, set(), 2)
        batch.forward(0, tokens[:, :12].expand(2, -1), places[None, :12].expand(2, -1))
        last_but_one = batch.forward(1, tokens[:, 12:19], places[None, 12:19])[0]
        last = batch.forward(0, tokens[0, [12, 19]][:, None], places[[12, 19]][:, None])[1]
    except Exception:  # this model cannot be run our way, for any reason
        return False
    finally:
        model.set_attn_implementation(before)
    given = torch.stack([last_but_one, last]).float()
    allowed = 1e-3 if model.dtype == torch.float32 else 5e-2
    return bool((given - wanted).norm() <= allowed * wanted.norm())


def common(a: list[int], b: list[int]) -> int:
    """Return the length of the common opening of two lists."""
    length = min(len(a), len(b))
    if a[:length] == b[:length]:
        return length
    return next(n for n in range(length) if a[n] != b[n])
