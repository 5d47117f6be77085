"""Axolotl plugin: logs each step to a file, allows bf16 on a CPU, shares prompt computation.

Runs inside Axolotl, in the workset's Python, so it imports nothing of harness_forge.
FORGE_METRICS names the file that gets one line for each step.

`share_prompt` makes training on a CPU feasible. Rows of one role begin with the same
system text and tool schema: more than half of each row. The plugin runs that part once
for each batch instead of once for each row, and computes logits only for trained tokens.
Loss and gradients equal those of the plain forward pass without dropout; a test compares
them.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from types import MethodType

import torch
from axolotl.integrations.base import BasePlugin
from transformers import DynamicCache, TrainerCallback
from transformers.modeling_outputs import CausalLMOutputWithPast

IGNORED = -100
WORTH_IT = 16
"""A prompt is shared from this many common tokens on."""
CHECKED = 2
"""Rows of the first batch that are also run plainly."""
TOLERANCE = 0.01
"""How far the loss of these rows may be from the plain one: rounding in bf16, nothing else."""
PARTS = 5
"""A training has as many checkpoints, or more."""
_HARMLESS = {"num_items_in_batch", "use_cache", "return_dict"}
"""Arguments of a forward pass that change nothing here."""

if not torch.cuda.is_available():
    # transformers takes a linear attention's kernels from `fla` wherever it can be imported, and
    # they run on a GPU alone; where it cannot, it takes its own in plain torch.
    sys.modules.setdefault("fla", None)


class ForgePlugin(BasePlugin):
    """Hooks of Axolotl that forge uses."""

    def register(self, cfg):
        """Train models that also read pictures by their text model alone; resize no embeddings."""
        text_only()
        as_it_is()
        if not torch.cuda.is_available():
            on_the_cpu()

    def get_training_args(self, cfg):
        """Set the trainer to CPU; it refuses bf16 otherwise."""
        return {} if torch.cuda.is_available() else {"use_cpu": True}

    def pre_lora_load(self, cfg, model):
        """Seed the adapter's initial weights; Axolotl sets the seed only afterwards."""
        torch.manual_seed(cfg.seed)

    def post_trainer_create(self, cfg, trainer):
        """Speed up the forward pass if FORGE_SHARED_PROMPT is set."""
        if os.environ.get("FORGE_SHARED_PROMPT") == "1" and not cfg.rl:
            share_prompt(trainer.model)

    def add_callbacks_post_trainer(self, cfg, trainer):
        """Add the writer of the metrics, and what says when to save."""
        path = os.environ.get("FORGE_METRICS")
        return [OftenEnough(), *([StepWriter(path)] if path else [])]


def text_only() -> None:
    """Load a model that also reads pictures or sound whole, and prepare rows as for any other.

    Axolotl would load its processor, which needs torchvision; no row has a picture. The class
    stays that of the whole model: the names of its layers are those that servers know.
    """
    from axolotl.loaders.constants import MULTIMODAL_AUTO_MODEL_MAPPING
    from axolotl.loaders.model import ModelLoader
    from transformers import AutoModelForImageTextToText

    MULTIMODAL_AUTO_MODEL_MAPPING.clear()
    choose = ModelLoader._set_auto_model_loader

    def chosen(loader):
        choose(loader)
        parts = ("vision_config", "audio_config")
        if hasattr(loader.model_config, "text_config") and any(
            hasattr(loader.model_config, part) for part in parts
        ):
            loader.auto_model_loader = AutoModelForImageTextToText

    ModelLoader._set_auto_model_loader = chosen


class OftenEnough(TrainerCallback):
    """Saves a short training each fifth of its steps, which may be fewer than `save_steps`.

    Only the trainer knows how many steps there are. Else a training of 27 steps with a
    checkpoint every 20 would begin anew after a stop at step 19.
    """

    def on_train_begin(self, args, state, control, **kwargs):
        """Set the steps between checkpoints; a resumed training reads others from its state."""
        started = int(os.environ.get("WORLD_SIZE", "1"))
        if args.world_size != started:
            # Each would learn alone, from its own share of the rows or from all.
            what = f"{started} processes were started, and the trainer knows {args.world_size}"
            raise ValueError(f"forge: {what}: they do not share the training")
        fifth = -(-state.max_steps // PARTS)
        state.save_steps = max(1, min(int(args.save_steps), fifth))


def on_the_cpu() -> None:
    """Load the model on the CPU; each of several processes would ask for a GPU of its own."""
    from axolotl.loaders.model import ModelLoader

    choose = ModelLoader._set_device_map_config

    def chosen(loader):
        choose(loader)
        if "device_map" in loader.model_kwargs:
            loader.model_kwargs["device_map"] = {"": "cpu"}

    ModelLoader._set_device_map_config = chosen


def as_it_is() -> None:
    """Keep the embeddings of the base model, whatever its tokenizer knows besides.

    Axolotl adds rows for tokens that the tokenizer has and the model has not. PEFT then saves all
    embeddings with the adapter, which fits neither the base model nor a server. No row has such a
    token: `tokens_worker` refuses it.
    """
    from axolotl.loaders.model import ModelLoader

    ModelLoader._resize_token_embeddings = lambda loader: loader.model.tie_weights()


class StepWriter(TrainerCallback):
    """Appends one JSON line per logged step; a resumed training goes on in the same file."""

    def __init__(self, path):
        self.path = path
        self.started = self.first = None

    def on_train_begin(self, args, state, control, **kwargs):
        """Start the clock."""
        self.started, self.first = time.monotonic(), state.global_step

    def on_log(self, args, state, control, logs=None, **kwargs):
        """Write loss, rate and tokens as the trainer logs them, which every process does."""
        kept = {key: _number(value) for key, value in (logs or {}).items() if "memory/" not in key}
        _demand_numbers(kept, state.global_step)
        if not state.is_world_process_zero:
            return
        line = {
            "step": state.global_step,
            "steps": state.max_steps,
            "since": self.first,
            "elapsed_s": round(time.monotonic() - (self.started or time.monotonic()), 3),
            # Of all threads: on a machine with other work this is the true cost of a step.
            "cpu_s": round(time.process_time(), 3),
            **kept,
        }
        with open(self.path, "a", encoding="utf-8") as file:  # noqa: PTH123 - one line, one write
            file.write(json.dumps(line) + "\n")


def _demand_numbers(logs, step):
    """Stop at the first step that broke the weights: no later one mends them.

    The trainer logs the loss before it in place of one that is no number; the norm of the
    gradients shows it.
    """
    for name in ("loss", "grad_norm"):
        value = logs.get(name, 0.0)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"forge: {name} of step {step} is {value}: lower the learning rate")


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)


def share_prompt(model) -> None:
    """Make the causal language model inside `model` (a PEFT wrapper or not) share prompts.

    Not if activations are recomputed in the backward pass, which cannot use a
    cache. The first rows are also run plainly; if the losses differ (sliding
    windows, recurrent layers), training continues without sharing.
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    fits = all(hasattr(inner, name) for name in ("model", "lm_head", "loss_function"))
    # A model that also reads pictures masks attention by more than our few arguments.
    fits = fits and not hasattr(inner.config, "vision_config")
    if fits and not getattr(inner, "is_gradient_checkpointing", False):
        inner.forward = MethodType(_forward(inner.forward), inner)


def _forward(plain):
    """Return a forward pass with the results of `plain` and less computation."""
    trusted = None

    def forward(self, input_ids=None, attention_mask=None, labels=None, **others):
        nonlocal trusted
        whole = {"input_ids": input_ids, "attention_mask": attention_mask, "labels": labels}
        extra = {name for name in others if others[name] is not None} - _HARMLESS
        if trusted is False or labels is None or input_ids is None or extra:
            return plain(**whole, **others)
        if trusted is None:
            try:
                trusted = _agrees(self, plain, whole)
            except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError):
                trusted = False  # layers whose state our cache does not keep
            if not trusted:
                print("forge: prompts are not shared: this model's loss would differ", flush=True)
                return plain(**whole, **others)
        items = others.get("num_items_in_batch")
        return _shared(self, *_trimmed(input_ids, attention_mask, labels), items)

    return forward


def _agrees(model, plain, whole):
    """Return whether the loss of the batch's first rows is that of the plain pass.

    Not of all rows: the plain pass computes logits for every token, which are gigabytes.
    """
    few = {name: None if value is None else value[:CHECKED] for name, value in whole.items()}
    with torch.no_grad():
        loss = plain(**few).loss.item()
        own = _shared(model, *_trimmed(**few), None).loss.item()
    return abs(own - loss) <= TOLERANCE * abs(loss)


def _trimmed(input_ids, attention_mask, labels):
    """Return the batch without columns of padding; collators pad to a multiple of 64."""
    if attention_mask is None:
        return input_ids, attention_mask, labels
    end = int(attention_mask.sum(dim=1).max())
    return input_ids[:, :end], attention_mask[:, :end], labels[:, :end]


def _shared(model, input_ids, attention_mask, labels, items):
    """Return loss and the logits of the trained tokens."""
    hidden, start = _hidden(model.model, input_ids, attention_mask, labels)
    # The state before a trained token predicts it.
    wanted = labels[:, start + 1 :]
    rows, columns = (wanted != IGNORED).nonzero(as_tuple=True)
    logits = model.lm_head(hidden[rows, columns])
    loss = model.loss_function(
        logits=logits,
        labels=None,
        shift_labels=wanted[rows, columns],
        vocab_size=model.config.vocab_size,
        num_items_in_batch=items,
    )
    return CausalLMOutputWithPast(loss=loss, logits=logits)


def _hidden(body, input_ids, attention_mask, labels):
    """Return the last hidden states from token `start` on, and `start`."""
    trained = (labels != IGNORED).any(dim=0).nonzero()
    first = int(trained[0]) - 1 if len(trained) else 0
    start = min(shared_length(input_ids), first)
    if len(input_ids) == 1 or start < WORTH_IT:
        whole = body(input_ids=input_ids, attention_mask=attention_mask, use_cache=False)
        return whole.last_hidden_state, 0
    cache = DynamicCache()
    # One row is enough. Padding is on the right, so no prompt has any.
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
    """Return the number of leading tokens that all rows of a batch share."""
    same = (input_ids == input_ids[:1]).all(dim=0)
    differs = (~same).nonzero()
    return int(differs[0]) if len(differs) else input_ids.shape[1]
