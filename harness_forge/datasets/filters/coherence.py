"""Rejects answers that are unrelated to the prompt, by embedding similarity."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from harness_forge.config.filters import CoherenceConfig
from harness_forge.core.errors import ExportError
from harness_forge.datasets.filters.candidate import Candidate, content_of


def judge(candidates: Sequence[Candidate], config: CoherenceConfig) -> list[str | None]:
    """Return `coherence` for each candidate below the limit.

    One without words on either side is not judged.
    """
    found = similarities(candidates, config)
    return [
        "coherence" if value is not None and value < config.min_similarity else None
        for value in found
    ]


def similarities(candidates: Sequence[Candidate], config: CoherenceConfig) -> list[float | None]:
    """Return each candidate's coherence; None where prompt or answer has no known word."""
    import numpy

    model = load(config.model or "")
    asked = model.encode([_plain(_asked(row)) for row in candidates], use_multiprocessing=False)
    said = model.encode([_plain(row.text) for row in candidates], use_multiprocessing=False)
    sizes = numpy.linalg.norm(asked, axis=1) * numpy.linalg.norm(said, axis=1)
    products = (asked * said).sum(axis=1)
    return [
        float(product / size) if size > 0 else None
        for product, size in zip(products, sizes, strict=True)
    ]


@cache
def load(folder: str):
    """Read an embedding model from a local folder; kept for the process.

    Raises:
        ExportError: it is not there, is of another kind, or `model2vec` is not installed.
    """
    where = "filters.coherence.model"
    missing = [
        name
        for name in ("model.safetensors", "tokenizer.json", "config.json")
        if not (Path(folder) / name).is_file()
    ]
    if missing:
        hint = "give the folder of a static embedding model, as Model2Vec writes it"
        raise ExportError(where, f"{folder} has no {', no '.join(missing)}", hint)
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        from model2vec import StaticModel
    except ImportError:
        hint = "pip install 'harness-forge[coherence]'"
        raise ExportError(where, "needs the package model2vec", hint) from None
    try:
        return StaticModel.from_pretrained(folder)
    except Exception as error:  # whatever a broken file makes the library raise
        hint = "give the folder of a static embedding model, as Model2Vec writes it"
        raise ExportError(where, f"{folder} cannot be read: {error}", hint) from None


def _asked(row: Candidate) -> str:
    users = (m for m in reversed(row.messages) if isinstance(m, dict) and m.get("role") == "user")
    return content_of(next(users, None))


def _plain(text: str) -> str:
    return text if text.isascii() else text.encode(errors="replace").decode()
