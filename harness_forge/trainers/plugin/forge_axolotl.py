"""Axolotl plugin: says each step in a file, lets bf16 train on a CPU, does no work twice.

Runs inside Axolotl, in the workset's Python, so it imports nothing of
harness_forge. FORGE_METRICS names the file that a line a step goes to.

`share_prompt` is what makes a CPU bearable. Rows of one role open with the same
system text and tool schema: more than half of each row. It runs that part once
a batch instead of once a row, and computes logits only where a token is
trained. Loss and gradients are those of the plain forward pass without dropout,
not an approximation; a test compares them.
"""

from __future__ import annotations

import json
import os
import time
from types import MethodType

import torch
from axolotl.integrations.base import BasePlugin
from transformers import DynamicCache, TrainerCallback
from transformers.modeling_outputs import CausalLMOutputWithPast

IGNORED = -100
_WORTH_IT = 16
"""Tokens that a batch must share before its prompt is run apart."""


class ForgePlugin(BasePlugin):
    """Hooks of Axolotl that forge uses."""

    def get_training_args(self, cfg):
        """Tell the trainer that there is no GPU; it refuses bf16 otherwise."""
        return {} if torch.cuda.is_available() else {"use_cpu": True}

    def post_trainer_create(self, cfg, trainer):
        """Speed up the forward pass where FORGE_SHARED_PROMPT asks for it."""
        if os.environ.get("FORGE_SHARED_PROMPT") == "1":
            share_prompt(trainer.model)

    def add_callbacks_post_trainer(self, cfg, trainer):
        """Add what writes the metrics."""
        path = os.environ.get("FORGE_METRICS")
        return [StepWriter(path)] if path else []


class StepWriter(TrainerCallback):
    """Appends one JSON line per logged step; a resumed training goes on in the same file."""

    def __init__(self, path):
        self.path = path
        self.started = self.first = None

    def on_train_begin(self, args, state, control, **kwargs):
        """Start the clock."""
        self.started, self.first = time.monotonic(), state.global_step

    def on_log(self, args, state, control, logs=None, **kwargs):
        """Write loss, rate and tokens as the trainer logs them."""
        kept = {key: _number(value) for key, value in (logs or {}).items() if "memory/" not in key}
        line = {
            "step": state.global_step,
            "steps": state.max_steps,
            "since": self.first,
            "elapsed_s": round(time.monotonic() - (self.started or time.monotonic()), 3),
            **kept,
        }
        with open(self.path, "a", encoding="utf-8") as file:  # noqa: PTH123 - one line, one write
            file.write(json.dumps(line) + "\n")


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def share_prompt(model) -> None:
    """Let the causal language model inside `model` (a PEFT wrapper or not) share prompts."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    if not all(hasattr(inner, name) for name in ("model", "lm_head", "loss_function")):
        return
    inner.forward = MethodType(_forward(inner.forward), inner)


def _forward(plain):
    """Return a forward pass that answers as `plain` does, with less work."""

    def forward(self, input_ids=None, attention_mask=None, labels=None, **others):
        items = others.pop("num_items_in_batch", None)
        extra = {name for name in others if others[name] is not None} - {"use_cache", "return_dict"}
        if labels is None or input_ids is None or extra:
            whole = {"input_ids": input_ids, "attention_mask": attention_mask, "labels": labels}
            # The trainer's own loss scale; generation knows no such argument.
            scale = {} if items is None else {"num_items_in_batch": items}
            return plain(**whole, **scale, **others)
        if attention_mask is not None:
            # The collator fills up to a multiple of 64: columns that nobody uses.
            end = int(attention_mask.sum(dim=1).max())
            input_ids, labels = input_ids[:, :end], labels[:, :end]
            attention_mask = attention_mask[:, :end]
        hidden, start = _hidden(self.model, input_ids, attention_mask, labels)
        # The state before a trained token predicts it.
        wanted = labels[:, start + 1 :]
        rows, columns = (wanted != IGNORED).nonzero(as_tuple=True)
        logits = self.lm_head(hidden[rows, columns])
        loss = self.loss_function(
            logits=logits,
            labels=None,
            shift_labels=wanted[rows, columns],
            vocab_size=self.config.vocab_size,
            num_items_in_batch=items,
        )
        return CausalLMOutputWithPast(loss=loss, logits=logits)

    return forward


def _hidden(body, input_ids, attention_mask, labels):
    """Return the last hidden states from token `start` on, and `start`."""
    trained = (labels != IGNORED).any(dim=0).nonzero()
    first = int(trained[0]) - 1 if len(trained) else 0
    start = min(shared_length(input_ids), first)
    if len(input_ids) == 1 or start < _WORTH_IT:
        whole = body(input_ids=input_ids, attention_mask=attention_mask, use_cache=False)
        return whole.last_hidden_state, 0
    cache = DynamicCache()
    # One row stands for all. Padding is on the right, so no prompt has any.
    body(input_ids=input_ids[:1, :start], past_key_values=cache, use_cache=True)
    cache.batch_repeat_interleave(len(input_ids))
    rest = body(
        input_ids=input_ids[:, start:],
        attention_mask=attention_mask,
        past_key_values=cache,
        use_cache=True,
    )
    return rest.last_hidden_state, start


def shared_length(input_ids) -> int:
    """Return how many leading tokens all rows of a batch have in common."""
    same = (input_ids == input_ids[:1]).all(dim=0)
    differs = (~same).nonzero()
    return int(differs[0]) if len(differs) else input_ids.shape[1]
