"""What the trainers of second stages share: they start from a trained adapter.

Runs inside Axolotl, in the workset's Python, so it imports nothing of harness_forge.
Axolotl 0.19 reads `lora_model_dir` for supervised training only: with `rl: dpo` or
`rl: kto` it gives TRL the bare model and a fresh adapter, so that the first stage is lost and the
reference is the base model. Here the adapter is loaded first. TRL then keeps a frozen copy of it,
named `ref`: the reference policy is the adapter as it was at the start.
"""

from __future__ import annotations

import torch
from axolotl.integrations.base import PluginManager
from peft import PeftModel


def with_start(model):
    """Return the model with the adapter in `lora_model_dir`, to be trained."""
    if isinstance(model, PeftModel):
        return model
    start = PluginManager.get_instance().cfg.lora_model_dir
    return PeftModel.from_pretrained(model, start, is_trainable=True)


class FromAdapter:
    """A trainer whose model has an adapter that was trained before; first of the bases."""

    def settle(self):
        """Undo what TRL and Axolotl do to such an adapter. To be called when TRL has taken it."""
        # TRL makes the adapter of a 4-bit model bf16, where small steps are rounded away.
        for name, weights in self.model.named_parameters():
            if "lora_" in name and weights.dtype != torch.float32:
                weights.data = weights.data.float()
        # After training Axolotl would also save the model inside the adapter: gigabytes.
        self.model.get_base_model().save_pretrained = lambda *args, **kwargs: None

    def _load_from_checkpoint(self, resume_from_checkpoint, model=None):
        # On resuming, the trainer finds the folder `ref` in a checkpoint and loads only that
        # adapter, so it would start again. The reference is loaded already: load the policy.
        self.model.load_adapter(resume_from_checkpoint, "default", is_trainable=True)
