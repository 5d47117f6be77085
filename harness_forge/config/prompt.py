"""Settings of the worker's prompt: what it says of a work item."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class PromptContext(Enum):
    """What a prompt says of a work item beyond its id, title and severity."""

    none = "none"
    description = "description"  # and how it is checked, in the content's words; never its fix


@dataclass(frozen=True)
class PromptConfig:
    """The worker's prompt, the same for every policy, in training and in evaluation.

    Args:
        context: none, or description: what the content says that a rule wants
            and how a person checks it, as a real harness shows them.
    """

    context: PromptContext = PromptContext.none
