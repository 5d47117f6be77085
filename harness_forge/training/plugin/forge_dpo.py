"""Axolotl trainer for DPO that starts from a trained adapter, which is also the reference.

Runs inside Axolotl, in the workset's Python, so it imports nothing of harness_forge.
FORGE_PAIRS names a file of the tokens that serving would see. Tokens that differ stop the
training before its first step.
"""

from __future__ import annotations

import os
from types import MethodType

import torch
from axolotl.core.trainers.dpo.trainer import AxolotlDPOTrainer
from forge_axolotl import TOLERANCE, WORTH_IT, shared_length
from forge_pairs import check_tokens
from forge_second import FromAdapter, with_start
from transformers import DynamicCache
from transformers.modeling_outputs import CausalLMOutputWithPast

PROMPT = "forge_prompt_ids"
"""Argument of a forward pass: the common first tokens of all its rows."""


class SecondStage(FromAdapter, AxolotlDPOTrainer):
    """DPO from the weights in `lora_model_dir`, with these weights as the reference."""

    def __init__(self, model, ref_model=None, *, peft_config=None, **kwargs):
        super().__init__(with_start(model), None, **kwargs)
        self.settle()
        if path := os.environ.get("FORGE_PAIRS"):
            check_tokens(self.train_dataset, path)
        inner = self.model.get_base_model()
        self._shares = os.environ.get("FORGE_SHARED_PROMPT") == "1" and _share(inner)

    def _compute_loss(self, model, inputs, return_outputs):
        shown = _without_prompt(inputs) if self._shares else inputs
        return super()._compute_loss(model, shown, return_outputs)


def _without_prompt(inputs):
    """Split the shared leading tokens off a batch; they are passed separately.

    A batch holds chosen and rejected answers to one prompt, so most of it is the
    same. TRL needs only the columns of the answers: the first one kept predicts an
    answer's first token.
    """
    ids, mask = inputs["input_ids"], inputs["completion_mask"]
    first = int(mask.any(dim=0).nonzero()[0]) - 1
    start = min(shared_length(ids), first)
    if start < WORTH_IT:
        return inputs
    return {
        **inputs,
        "input_ids": ids[:, start:],
        "completion_mask": mask[:, start:],
        PROMPT: ids[:1, :start],
    }


def _share(model) -> bool:
    """Let `model` take a shared prompt; return False where it cannot."""
    fits = all(hasattr(model, name) for name in ("model", "lm_head"))
    if not fits or getattr(model, "is_gradient_checkpointing", False):
        return False
    model.forward = MethodType(_forward(model.forward), model)
    return True


def _forward(plain):
    """Return a forward pass that runs a shared prompt once."""
    trusted = None

    def forward(self, **others):
        nonlocal trusted
        prompt = others.pop(PROMPT, None)
        if prompt is None:
            return plain(**others)
        ids, mask = others["input_ids"], others["attention_mask"]
        if trusted is False:
            return _whole(self, prompt, ids, mask)
        answer = _apart(self, prompt, ids, mask)
        if trusted is None:
            with torch.no_grad():
                losses = [_loss(found.logits, ids, mask) for found in (
                    _whole(self, prompt, ids, mask), answer)]  # fmt: skip
            trusted = abs(losses[0] - losses[1]) <= TOLERANCE * abs(losses[0])
            if not trusted:
                print("forge: prompts are not shared: this model's loss would differ", flush=True)
                return _whole(self, prompt, ids, mask)
        return answer

    return forward


def _whole(model, prompt, ids, mask):
    """Return the logits of `ids`, with the prompt run in every row."""
    rows = torch.cat([prompt.expand(len(ids), -1), ids], dim=1)
    hidden = model.model(input_ids=rows, attention_mask=mask, use_cache=False).last_hidden_state
    return CausalLMOutputWithPast(logits=model.lm_head(hidden[:, prompt.shape[1] :]))


def _apart(model, prompt, ids, mask):
    """Return the same logits, with the prompt run once."""
    cache = DynamicCache()
    model.model(input_ids=prompt, past_key_values=cache, use_cache=True)
    cache.batch_repeat_interleave(len(ids))
    seen = model.model(input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True)
    return CausalLMOutputWithPast(logits=model.lm_head(seen.last_hidden_state))


def _loss(logits, ids, mask) -> float:
    """Return the mean loss over tokens that are not padding."""
    real = mask[:, -ids.shape[1] :][:, 1:].bool()
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].float().transpose(1, 2), ids[:, 1:], reduction="none"
    )
    return losses[real].mean().item()
