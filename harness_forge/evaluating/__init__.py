"""Joins what an lm-eval evaluation needs: store, environment, prompts, parser, model, workset.

The one place where settings meet these families; `forge evaluate` and its
stage share it.
"""

from harness_forge.evaluating.evaluation import evaluate

__all__ = ["evaluate"]
