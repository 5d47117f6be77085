"""harness-forge: from a harness's own records to a judged adapter.

What the command line does, from Python: `docs/python.md` has the examples. A name is imported
when it is first used, so that `import harness_forge` costs nothing.

    import harness_forge as forge

    config = forge.compose("target_a", ["skill=repair", "policy=gold"])
    forge.run(config)
    dataset = forge.export(config)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from harness_forge.core.version import __version__ as __version__

if TYPE_CHECKING:
    from harness_forge.cli.agent_kernel import Kernel as Kernel
    from harness_forge.collect.generators.generate import generate as generate
    from harness_forge.collect.ingest.ingest import ingest as ingest
    from harness_forge.config.compose.engine import compose as compose
    from harness_forge.config.schema import ForgeConfig as ForgeConfig
    from harness_forge.core.errors import ForgeError as ForgeError
    from harness_forge.datasets.audit.audit import audit as audit
    from harness_forge.datasets.from_config import export_from_config as export
    from harness_forge.datasets.trace import trace_line as trace_line
    from harness_forge.evaluation.proof.prove import prove as prove
    from harness_forge.evaluation.replay import replay as replay
    from harness_forge.evaluation.rewards import train_rewarded as train_rewarded
    from harness_forge.evaluation.runs import compare as compare
    from harness_forge.evaluation.suite_run import evaluate as evaluate
    from harness_forge.promotion.decide import decide as decide
    from harness_forge.promotion.files import Files as Files
    from harness_forge.registry.approval import approve as approve
    from harness_forge.registry.current import current_adapter as current_adapter
    from harness_forge.report.collect import report as write_report
    from harness_forge.rollouts.opening import run as run
    from harness_forge.store.opening import opened_skill as opened_skill
    from harness_forge.store.opening import opened_store as opened_store
    from harness_forge.training.preferences import train_preferences as train_preferences
    from harness_forge.training.replicates import train_replicates as train

API = {
    "compose": "config.compose.engine",
    "ForgeConfig": "config.schema",
    "ForgeError": "core.errors",
    "opened_store": "store.opening",
    "opened_skill": "store.opening",
    "run": "rollouts.opening",
    "ingest": "collect.ingest.ingest",
    "generate": "collect.generators.generate",
    "export": "datasets.from_config:export_from_config",
    "audit": "datasets.audit.audit",
    "trace_line": "datasets.trace",
    "train": "training.replicates:train_replicates",
    "train_preferences": "training.preferences",
    "train_rewarded": "evaluation.rewards",
    "prove": "evaluation.proof.prove",
    "evaluate": "evaluation.suite_run",
    "replay": "evaluation.replay",
    "compare": "evaluation.runs",
    "current_adapter": "registry.current",
    "Files": "promotion.files",
    "decide": "promotion.decide",
    "approve": "registry.approval",
    "write_report": "report.collect:report",
    "Kernel": "cli.agent_kernel",
}
"""The public names, in the order of the loop, and where each is."""

VERIFIERS = ("OneCall", "SkillTaskset")
"""What the library `verifiers` looks for: `vf-eval harness_forge`; nobody else needs it."""

__all__ = [
    "compose",
    "ForgeConfig",
    "ForgeError",
    "opened_store",
    "opened_skill",
    "run",
    "ingest",
    "generate",
    "export",
    "audit",
    "trace_line",
    "train",
    "train_preferences",
    "train_rewarded",
    "prove",
    "evaluate",
    "replay",
    "compare",
    "current_adapter",
    "Files",
    "decide",
    "approve",
    "write_report",
    "Kernel",
    "OneCall",
    "SkillTaskset",
]
"""A literal, for type checkers read it so."""


def __getattr__(name: str) -> Any:
    if name in VERIFIERS:
        return getattr(import_module("harness_forge.rollouts.verifiers.taskset"), name)
    if name not in API:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = API[name].partition(":")
    return getattr(import_module(f"harness_forge.{module}"), attribute or name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
