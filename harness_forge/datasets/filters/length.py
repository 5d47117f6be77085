"""Rejects answers that are too short or too long, in the base model's tokens.

A token count is exact, and exact counts are dear: 0.5 ms for 3 KB. Most
answers are nowhere near a limit, and then their bytes decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from harness_forge.config.filters import LengthConfig
from harness_forge.core.errors import ExportError
from harness_forge.datasets.filters.candidate import Candidate
from harness_forge.datasets.filters.tokens import Bounds, Tokens, load

_ANY = Bounds(words=0, bytes=0, growth=11)
"""What holds of every tokenizer: at most a token a byte, at least one of any text.
Compatibility composition (NFKC) makes 33 bytes of 3, and nothing makes more."""


class Length:
    """Checks lengths: by bytes where these decide, otherwise by an exact token count.

    The tokenizer is read at the first row that needs it, so that a dataset
    with every row decided by bytes needs no model. It is not pickled.

    Args:
        file: the base model's tokenizer.json; it need not exist, see above.
        model: the base model's name, for faults.
        key: the filter's in a recipe, for faults.

    Attributes:
        tally: rows by how they were decided, `by_bounds` or `counted`.
    """

    def __init__(
        self, config: LengthConfig, file: Path | None, model: str = "", key: str = "filters.length"
    ) -> None:
        self.config, self.file, self.model, self.key = config, file, model, key
        self.tally: Counter[str] = Counter()

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        """Return `length` for each candidate outside the limits.

        Raises:
            ExportError: bytes do not decide, and the tokenizer is not there.
        """
        return [None if fit else "length" for fit in self.fits([row.text for row in candidates])]

    def fits(self, texts: Sequence[str]) -> list[bool]:
        """Return for each text whether its token count is within the limits.

        Raises:
            ExportError: bytes do not decide, and the tokenizer is not there.
        """
        fits = [self._by_bytes(text) for text in texts]
        open_ones = [number for number, fit in enumerate(fits) if fit is None]
        self.tally["by_bounds"] += len(fits) - len(open_ones)
        self.tally["counted"] += len(open_ones)
        if open_ones:
            counts = self._tokens().counts([texts[number] for number in open_ones])
            for number, count in zip(open_ones, counts, strict=True):
                fits[number] = self.config.min_tokens <= count <= self.config.max_tokens
        return [bool(fit) for fit in fits]

    def _by_bytes(self, text: str) -> bool | None:
        """Return whether the text fits; None where its bytes do not decide."""
        raw = text.encode(errors="replace")
        fits = self._within(_ANY, raw)
        if fits is None and (tokens := self._known()) and tokens.bounds:
            return self._within(tokens.bounds, raw)
        return fits

    def _within(self, bounds: Bounds, raw: bytes) -> bool | None:
        least, most = self.config.min_tokens, self.config.max_tokens
        at_most = bounds.most(raw)
        if at_most < least:
            return False
        if at_most <= most:
            return True if bounds.least(raw, least) >= least else None
        return False if bounds.least(raw, 0) > most else None

    def _known(self) -> Tokens | None:
        return load(self.file) if self.file is not None and self.file.is_file() else None

    def _tokens(self) -> Tokens:
        if (tokens := self._known()) is None:
            name = self.model or "NAME"
            raise ExportError(
                self.key,
                f"the tokenizer of the base model is needed and not there: {self.file or name}",
                f"run `forge model fetch {name}` (or give model.path=DIR),"
                f" or {self.key}.enabled=false",
            )
        return tokens
