"""Axolotl trainer for GRPO that starts from a trained adapter, which is also the reference.

Runs inside Axolotl, in the workset's Python, so it imports nothing of harness_forge. Answers are
judged by forge's own process: FORGE_JUDGE names its socket. A line of JSON goes there, with the
answers of a step, and a line with their rewards comes back. FORGE_PAIRS names a file of the
prompts' tokens as serving sees them. Tokens that differ stop the training before its first step.
"""

from __future__ import annotations

import json
import os
import socket

from axolotl.core.trainers.grpo.trainer import AxolotlGRPOTrainer
from forge_pairs import check_tokens
from forge_second import FromAdapter, with_start


class SecondStage(FromAdapter, AxolotlGRPOTrainer):
    """GRPO from the weights in `lora_model_dir`, with these weights as the reference."""

    def __init__(self, model, *args, peft_config=None, **kwargs):
        super().__init__(with_start(model), *args, **kwargs)
        self.settle()
        if path := os.environ.get("FORGE_PAIRS"):
            ids, _, _ = self._tokenize_prompts(list(self.train_dataset["prompt"]))
            check_tokens([{"prompt_ids": one} for one in ids], path)

    def _tokenize_prompts(self, prompts):
        # The texts are rendered already: a second token for their beginning would be in the way.
        found = self.processing_class(text=prompts, add_special_tokens=False)
        return found["input_ids"], None, {}

    def _calculate_rewards(self, inputs, prompts, completions, completion_ids_list):
        """Reward answers as replay reads them: special tokens kept, the end of turn taken off."""
        texts, told = [], []
        for row, ids in zip(inputs, completion_ids_list, strict=True):
            ended = ids[-1:] == [self._tokenizer.eos_token_id]
            text = self._tokenizer.decode(ids[: len(ids) - ended], skip_special_tokens=False)
            texts.append(text)
            told.append({**row, "finish": "stop" if ended else "length"})
        return super()._calculate_rewards(told, prompts, texts, completion_ids_list)


def judged(prompts, completions, *, reference, finish, trainer_state, **_):
    """Return the rewards of answers, None where there is no verdict.

    Raises:
        ValueError: forge says why the training is to stop.
        RuntimeError: forge's process is gone.
    """
    answers = [
        {"reference": one, "text": text, "finish": end}
        for one, text, end in zip(reference, completions, finish, strict=True)
    ]
    said = _asked({"step": trainer_state.global_step + 1, "answers": answers})
    if "error" in said:
        raise ValueError(f"forge: {said['error']}")
    return said["rewards"]


def _asked(request) -> dict:
    gone = "forge: Error: the process that judges is gone; the same command goes on from here"
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(os.environ["FORGE_JUDGE"])
            line.sendall(json.dumps(request).encode() + b"\n")
            with line.makefile("rb") as answers:
                said = answers.readline()
    except OSError as error:
        raise RuntimeError(gone) from error
    if not said:
        raise RuntimeError(gone)
    return json.loads(said)
