"""A base model's tokenizer, and bounds on token counts from a text's bytes alone."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ExportError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BATCH = 64
"""Texts counted at once, so that encodings of few are held."""


@dataclass(frozen=True)
class Bounds:
    """Bounds on the token count of a text, from the vocabulary alone.

    Args:
        words: most words between white space in one token; 0 where not known.
        bytes: most bytes in one token; 0 where tokens swallow any number.
        unknown: bytes without a token of their own, in no text as a rule. A
            text with one of them has no lower bound.
        growth: how many times its bytes a text that is not ASCII may become
            before it is cut into tokens; composing (NFC) gives 3 at most.
    """

    words: int
    bytes: int
    unknown: bytes = b""
    growth: int = 3

    def most(self, raw: bytes) -> int:
        """Return the upper bound for a text of these bytes: one token per byte."""
        # One more for a space put in front.
        return len(raw) * (1 if raw.isascii() else self.growth) + 1

    def least(self, raw: bytes, enough: int) -> int:
        """Return the lower bound; words are only counted where bytes do not reach `enough`."""
        if self.unknown and len(raw.translate(None, self.unknown)) != len(raw):
            return 0
        size = len(raw) if raw.isascii() else len(raw) // self.growth
        least = max(bool(raw), -(-size // self.bytes) if self.bytes else 0)
        if least >= enough or not self.words:
            return least
        # Only white space that every decoder takes for such counts, so ASCII's.
        words = len(raw.split(None, enough * self.words))
        return max(least, -(-words // self.words))


@dataclass(frozen=True)
class Tokens:
    """Counts a base model's tokens.

    Args:
        tokenizer: the model's own.
        bounds: None for a form of tokenizer without known bounds.
    """

    tokenizer: Tokenizer
    bounds: Bounds | None

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Return the exact token count of each text, without added special tokens."""
        found: list[int] = []
        for start in range(0, len(texts), _BATCH):
            batch = [_plain(text) for text in texts[start : start + _BATCH]]
            done = self.tokenizer.encode_batch_fast(batch, add_special_tokens=False)
            found += [len(one) for one in done]
        return found


def _plain(text: str) -> str:
    # Half surrogate pairs are no text: Rust cannot take them.
    return text if text.isascii() else text.encode(errors="replace").decode()


@cache
def load(file: Path) -> Tokens:
    """Read a tokenizer.json; kept for the process.

    Raises:
        ExportError: it is no tokenizer.
    """
    # Rows are shared out among processes already; threads would only be in their way.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer

    try:
        described = json.loads(file.read_bytes())
        tokenizer = Tokenizer.from_str(json.dumps(described))
    except Exception as error:  # the library raises bare Exception
        hint = "fetch the model again, or filters.length.enabled=false"
        raise ExportError(str(file), f"is no tokenizer: {error}", hint) from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return Tokens(tokenizer, _bounds_of(described))


def _bounds_of(described: dict[str, Any]) -> Bounds | None:
    """Return the bounds that a tokenizer file allows; unknown parts allow none."""
    model, steps = described["model"], _steps(described.get("pre_tokenizer"))
    if model.get("type") != "BPE" or model.get("dropout") or not _lossless(described, steps):
        return None
    byte_level = any(step["type"] == "ByteLevel" for step in steps)
    alphabet = _byte_level() if byte_level else _fallback()
    vocabulary = model["vocab"]
    unknown = bytes(byte for mark, byte in alphabet.items() if mark not in vocabulary)
    if (unknown and not (byte_level and model.get("unk_token"))) or not vocabulary:
        return None
    added = described.get("added_tokens") or []
    words = [_written(token, alphabet if byte_level else None) for token in vocabulary]
    words += [token["content"].encode() for token in added]
    # Such a token swallows any amount of white space beside it.
    swallows = any(token.get("lstrip") or token.get("rstrip") for token in added)
    longest = 0 if swallows else max(map(len, words))
    return Bounds(max(len(word.split()) for word in words), longest, unknown)


def _steps(step: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the steps of a normalizer or pre-tokenizer, with sequences flattened."""
    if step is None:
        return []
    if step["type"] != "Sequence":
        return [step]
    inner = step.get("pretokenizers") or step.get("normalizers") or []
    return [one for part in inner for one in _steps(part)]


def _lossless(described: dict[str, Any], steps: list[dict[str, Any]]) -> bool:
    """Return whether tokenization keeps every byte of a text, and adds hardly any."""
    kept = all(
        step["type"] in ("ByteLevel", "Metaspace", "Digits")
        or (step["type"] == "Split" and step.get("behavior") != "Removed")
        for step in steps
    )
    return kept and all(
        step["type"] == "Prepend"
        or (step["type"] == "Replace" and step.get("pattern") == {"String": " "})
        for step in _steps(described.get("normalizer"))
        # Leaves ASCII alone; see `Bounds`.
        if step["type"] != "NFC"
    )


def _written(token: str, alphabet: dict[str, int] | None) -> bytes:
    """Return the bytes that a token of the vocabulary encodes."""
    if alphabet is None:
        return token.replace("\u2581", " ").encode()
    # A special token may be written in other characters: as long as its own bytes.
    return b"".join(
        bytes((alphabet[mark],)) if mark in alphabet else mark.encode() for mark in token
    )


def _fallback() -> dict[str, int]:
    """Return the byte tokens of a vocabulary with byte fallback, and its space."""
    return {f"<0x{byte:02X}>": byte for byte in range(256)} | {"\u2581": 32}


def _byte_level() -> dict[str, int]:
    """Return the byte behind each character of byte-level BPE.

    Printable bytes are themselves; the others, in order, are the characters
    from 256 on (A. Radford et al., GPT-2, 2019).
    """
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in seen]
    return {chr(byte): byte for byte in seen} | {
        chr(256 + place): byte for place, byte in enumerate(hidden)
    }
