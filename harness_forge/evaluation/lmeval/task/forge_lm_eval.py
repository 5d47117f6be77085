"""lm-eval with one more model: `python forge_lm_eval.py run --model forge …`.

`forge` is lm-eval's own `hf`, with two changes. `hf` drops special tokens from an
answer and does not show whether it was cut off at the token limit. Strict parsing
needs both, so this model keeps the whole text and marks the cut.
"""

from __future__ import annotations

import os
import threading
import time

import torch
from lm_eval.__main__ import cli_evaluate
from lm_eval.api.registry import register_model
from lm_eval.models.huggingface import HFLM

CUT_OFF = "\x18"  # as scoring.py reads it


@register_model("forge")
class WholeText(HFLM):
    """lm-eval's model on transformers, with complete answers."""

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        # In float32 an adapter is merged into the weights: a third of the matrix products,
        # the same answers. In bfloat16, rounding would change some answers.
        if settings.get("peft") and next(self._model.parameters()).dtype == torch.float32:
            self._model = self._model.merge_and_unload()

    def tok_decode(self, tokens, skip_special_tokens=False):
        """Return the text up to the end of the turn, with a mark if there is no such end."""
        if isinstance(tokens, int) or skip_special_tokens:
            return super().tok_decode(tokens, skip_special_tokens=skip_special_tokens)
        if self.eot_token_id not in tokens:
            return super().tok_decode(tokens, skip_special_tokens=False) + CUT_OFF
        end = tokens.index(self.eot_token_id)
        return super().tok_decode(tokens[:end], skip_special_tokens=False)


def leave_with(parent: int) -> None:
    """Exit when the parent process is gone: nothing would read the answers."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    if parent := os.environ.get("FORGE_PARENT"):
        threading.Thread(target=leave_with, args=(int(parent),), daemon=True).start()
    cli_evaluate()
