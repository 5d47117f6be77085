"""Joins what a training needs: base model, workset, dataset, trainer, adapter folder.

The one place where settings meet these families; `forge model`, `forge train`
and stages share it.
"""

from harness_forge.training.base import fetch_model, template_of
from harness_forge.training.jobs import Trained
from harness_forge.training.preferences import prefer
from harness_forge.training.stages import audit, train_dpo, train_sft
from harness_forge.training.supervised import train

__all__ = [
    "Trained",
    "audit",
    "fetch_model",
    "prefer",
    "template_of",
    "train",
    "train_dpo",
    "train_sft",
]
