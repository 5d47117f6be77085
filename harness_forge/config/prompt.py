"""Settings of the worker's prompt: what it says of a work item."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness_forge.config.limits import limited, one_of


class PromptContext(StrEnum):
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

    context: str = limited("none", one_of(PromptContext, "context of a prompt"))
