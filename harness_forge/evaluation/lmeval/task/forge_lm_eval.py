"""lm-eval with two more models: `python forge_lm_eval.py run --model forge …`.

`forge` is lm-eval's own `hf`, with two changes. `hf` drops special tokens from an
answer and does not show whether it was cut off at the token limit. Strict parsing
needs both, so this model keeps the whole text and marks the cut.

`recorded` asks no model: it gives the answers of a file.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import torch
from lm_eval.__main__ import cli_evaluate
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model
from lm_eval.models.huggingface import HFLM
from transformers import AutoModelForImageTextToText

from harness_forge.evaluation.lmeval import recording

CUT_OFF = "\x18"  # as scoring.py reads it


@register_model("forge")
class WholeText(HFLM):
    """lm-eval's model on transformers, with complete answers."""

    # As training loads it: the names of its layers depend on the class.
    AUTO_MODEL_CLASS = (
        AutoModelForImageTextToText if os.environ.get("FORGE_WRAPPED") == "1" else None
    )

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
        ends = self._ends()
        end = next((place for place, token in enumerate(tokens) if token in ends), None)
        text = super().tok_decode(tokens[:end], skip_special_tokens=False)
        return text + CUT_OFF if end is None else text

    def _ends(self):
        """Return the tokens that end an answer, as the local policy and servers take them.

        Generation stops at the model settings' own ones too, so that an answer that
        ends with one of them was not cut off.
        """
        also = self._model.generation_config.eos_token_id
        return {self.eot_token_id, *(also if isinstance(also, list) else [also])}


@register_model("recorded")
class RecordedAnswers(LM):
    """Answers that were given before, to the same prompts under the same settings.

    Args:
        answers: the file, as recording.py writes it.
    """

    def __init__(self, answers, **settings):
        super().__init__()
        self._file = answers
        self._answers = recording.read(Path(answers))

    def generate_until(self, requests, disable_tqdm=False):
        """Return the recorded answer to each request.

        Raises:
            ValueError: one has none; it is never taken for an empty answer.
        """
        return [self._answer(request.doc, request.args[1]) for request in requests]

    def _answer(self, doc, settings):
        known = recording.key(doc, not settings["do_sample"], settings["max_gen_toks"])
        if known not in self._answers:
            raise ValueError(f"{self._file} has no answer to {doc['item_id']} as it is asked here")
        text, finish_reason = self._answers[known]
        return text + CUT_OFF if finish_reason == "length" else text

    def loglikelihood(self, requests, disable_tqdm=False):
        """Refuse: only a model knows how likely a choice is."""
        raise ValueError("recorded answers have no likelihoods")

    loglikelihood_rolling = loglikelihood


def leave_with(parent: int) -> None:
    """Exit when the parent process is gone: nothing would read the answers."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    if parent := os.environ.get("FORGE_PARENT"):
        threading.Thread(target=leave_with, args=(int(parent),), daemon=True).start()
    cli_evaluate()
