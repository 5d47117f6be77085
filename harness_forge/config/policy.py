"""Settings of an attempt policy: who acts in an environment, and how."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum

from harness_forge.config.limits import between, limit, limited, one_of


class PolicyKind(Enum):
    """Who writes the answers."""

    gold = "gold"
    mutated = "mutated"
    model = "model"
    nearest = "nearest"
    template = "template"
    extractive = "extractive"


TEACHERS = (PolicyKind.gold, PolicyKind.mutated)
"""Policies that know their answers beforehand."""
COPIES = (PolicyKind.nearest, PolicyKind.template, PolicyKind.extractive)
"""Baselines: what they copy is judged, and never training data."""


VERDICT_ROLES = ("architect", "auditor")
"""Roles whose turns a teacher can write beside the worker's and the reflector's."""


def _verdict_roles(values: Collection[str]) -> tuple[str, str] | None:
    slips = (one_of(VERDICT_ROLES, "role that a teacher can write")(value) for value in values)
    return next((slip for slip in slips if slip), None)


@dataclass(frozen=True)
class PolicyConfig:
    """One policy; what a kind does not use it ignores.

    Args:
        kind: gold (our compact fixes), mutated (gold, broken on purpose),
            model (an OpenAI-compatible endpoint, or a local model), or a baseline:
            nearest (the answer that passed on the most similar training item,
            copied whole), template (copied, with the item's own words in it) or
            extractive (what the prompt itself quotes).
        fallback: gold only: where our fix fails or is missing, try the
            content's own remediation and mark the row.
        variants: mutated only: at most this many broken fixes per item.
        roles: gold and mutated only: further roles whose turns are written: auditor (does
            this answer pass?) and architect (which of two answers is to be carried out?). The
            evaluator's verdicts make them right.
        endpoint: model only: base URL, such as http://127.0.0.1:8000/v1. None
            runs the recipe's base model (`model`) here, in a workset.
        model: the name sent to the endpoint and stored with each row.
        local: model only: folder of another local model.
        adapter: LoRA adapter: a name in the registry or a packaged folder; at
            an endpoint the name it serves.
        chat_template: Jinja file for a local model with a template that
            renders no tools.
        workset: the workset with the Python that runs a local model.
        api_key_env: environment variable that holds the endpoint's key.
        shots: worked examples shown before the question, out of passing
            training answers in the store; the same for every item.
        example_splits: splits of those answers, and of the answers of `nearest`
            and `template`; with validation if the adapter in question was trained on it.
        samples: independent answers per work item.
        temperature: 0 is greedy.
        max_tokens: longest answer in tokens; a longer one counts as cut off.
        timeout_s: seconds to wait for one answer.
        concurrency: requests in flight at once; the batch of a local model.
            0 takes 8 at an endpoint and 32 for a local model.
        reflect: after a failed attempt, ask the model for a reflection and tips.
        tips: at most this many tips are considered for one prompt.
        tip_inclusion: probability with which a considered tip is shown;
            drawn per tip and stored, so that its effect can be estimated.
    """

    kind: PolicyKind = PolicyKind.gold
    fallback: bool = True
    variants: int = 3
    roles: list[str] = field(default_factory=list, metadata=limit(_verdict_roles))
    endpoint: str | None = None
    model: str | None = None
    local: str | None = None
    adapter: str | None = None
    chat_template: str | None = None
    workset: str = "train"
    api_key_env: str = "FORGE_API_KEY"
    shots: int = 0
    example_splits: list[str] = field(default_factory=lambda: ["train"])
    samples: int = limited(1, between(1))
    temperature: float = 0.0
    max_tokens: int = 256
    timeout_s: float = 120.0
    concurrency: int = 0
    reflect: bool = False
    tips: int = 3
    tip_inclusion: float = 0.5
