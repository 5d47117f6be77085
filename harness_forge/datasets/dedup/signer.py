"""MinHash signatures of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness_forge.config.duplicates import DuplicatesConfig
from harness_forge.core.records import Message
from harness_forge.core.sketches.minhash import sketch
from harness_forge.core.sketches.words import runs, split

ANSWER, PROMPT = 128, 64
"""Places of a signature that are the answer's, and then the prompt's."""


class Signer:
    """Computes signatures of rows. It has no state, so each worker may have its own.

    A text's signature does not depend on the batch it is in.

    Args:
        config: how many words make a run.
    """

    def __init__(self, config: DuplicatesConfig) -> None:
        self._shingle = config.shingle

    def sign(self, prompts: Sequence[str], answers: Sequence[str]) -> np.ndarray:
        """Return one signature per row, uint16 (n, ANSWER + PROMPT): 384 bytes.

        Args:
            prompts: what `prompt_text` returns, (n,).
            answers: the words to be learned, (n,): `Candidate.text`.
        """
        # Most prompts come again and again.
        known = {text: place for place, text in enumerate(dict.fromkeys(prompts))}
        of_prompts = self._sketch(list(known), PROMPT)[[known[text] for text in prompts]]
        return np.concatenate([self._sketch(answers, ANSWER), of_prompts], axis=1)

    def _sketch(self, texts: Sequence[str], places: int) -> np.ndarray:
        words = split(texts, punctuated=True)
        return sketch(*runs(*words, self._shingle), len(texts), places)


def prompt_text(messages: Sequence[Message]) -> str:
    """Return the prompt's text for comparison: every message's role and text.

    The tools are left out: they are the same for all rows of a role.
    """
    return "\n".join(f"{message['role']}: {message.get('content') or ''}" for message in messages)
