"""Open the environment that a config names, and run its policy there.

Verbs and stages both call it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from harness_forge.config.policy import PolicyKind
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import one_skill
from harness_forge.config.skill import EnvironmentKind
from harness_forge.core.errors import RunError
from harness_forge.registry.adapters import registry
from harness_forge.registry.signing import trust
from harness_forge.rollouts.environments.environment import Environment
from harness_forge.store.opening import opened_skill


def _scap(config: ForgeConfig) -> Environment:
    from harness_forge.rollouts.environments.scap import open_scap

    return open_scap(config.skill.name, config.skill.scap, Path(config.forge_home))


def _command(config: ForgeConfig) -> Environment:
    from harness_forge.rollouts.environments.command.environment import CommandEnvironment

    return CommandEnvironment(config.skill.name, config.skill.command, Path(config.forge_home))


OPENERS: dict[EnvironmentKind, Callable[[ForgeConfig], Environment]] = {
    EnvironmentKind.scap: _scap,
    EnvironmentKind.command: _command,
}
"""What opens each kind of environment. A new kind is one line here."""


def open_environment(config: ForgeConfig) -> Environment:
    """Return the skill's environment.

    Raises:
        ConfigError: the config has several skills.
        SandboxError: its scanner, content or sandbox is missing.
        RunError: there is none; its attempts were recorded elsewhere.
    """
    one_skill(config)
    if opener := OPENERS.get(config.skill.environment):
        return opener(config)
    raise no_environment(config)


def no_environment(config: ForgeConfig) -> RunError:
    """Return the error for opening the environment of a skill with recorded attempts."""
    return RunError(
        f"skill {config.skill.name}",
        "is recorded: there is no environment to attempt it in",
        "`forge ingest` adds attempts to it, `forge export role=agent` makes a dataset of them",
    )


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr)


def run(config: ForgeConfig, say: Callable[[str], None] = _to_stderr, *, recipe: str = "") -> dict:
    """Attempt work items as `config` says and return the run's summary.

    Args:
        say: called with what the ledger of looks lacked.
        recipe: whose adapters are judged together, as `looks.recipe_name` names it.

    Raises:
        ForgeError: what stopped it, before the first item or at one.
    """
    from harness_forge.rollouts.runs.holdout import check_purpose
    from harness_forge.rollouts.runs.opening import run as drive

    # What is wrong with the settings is said before what the machine lacks.
    check_purpose(config.policy, config.run)
    _check_signature(config)
    environment = open_environment(config)
    try:
        with opened_skill(config) as store:
            return drive(
                environment,
                store,
                policy=config.policy,
                config=config.run,
                split=config.split,
                host=config.skill.host,
                seed=config.seed,
                home=Path(config.forge_home),
                base=config.model,
                budget=config.budget,
                prompt=config.prompt,
                say=say,
                recipe=recipe,
            )
    finally:
        environment.close()


def _check_signature(config: ForgeConfig) -> None:
    """Refuse an adapter that this project does not trust, where forge itself would load it."""
    from harness_forge.rollouts.runs.actor import BASE

    policy, signing = config.policy, config.signing
    if policy.kind is not PolicyKind.model or policy.endpoint or policy.adapter in (None, BASE):
        return
    if signing.required or signing.public_key is not None:
        trust.demand(registry.resolve(policy.adapter, Path(config.forge_home)), signing)
