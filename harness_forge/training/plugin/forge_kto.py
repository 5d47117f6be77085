"""Axolotl trainer for KTO that starts from a trained adapter, which is also the reference.

Runs inside Axolotl, in the workset's Python, so it imports nothing of harness_forge.
FORGE_PAIRS names a file of the tokens that serving would see. Tokens that differ stop the
training before its first step.
"""

from __future__ import annotations

import os

from axolotl.core.trainers import AxolotlKTOTrainer
from forge_pairs import check_tokens
from forge_second import FromAdapter, with_start


class SecondStage(FromAdapter, AxolotlKTOTrainer):
    """KTO from the weights in `lora_model_dir`, with these weights as the reference."""

    def __init__(self, model, *, peft_config=None, **kwargs):
        super().__init__(with_start(model), **kwargs)
        self.settle()
        if path := os.environ.get("FORGE_PAIRS"):
            check_tokens(self.train_dataset, path)
