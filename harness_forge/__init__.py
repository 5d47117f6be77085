"""harness-forge: from a harness's own records to a judged adapter."""

from importlib import import_module
from typing import Any

from harness_forge.core.version import __version__ as __version__

__all__ = ["OneCall", "SkillTaskset"]
"""What the library `verifiers` looks for: `vf-eval harness_forge`."""


def __getattr__(name: str) -> Any:
    # Late, for the library is needed by nobody else.
    if name in __all__:
        return getattr(import_module("harness_forge.rollouts.verifiers.taskset"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
