"""Which model a plan is for, and where its sizes are from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import TrainError
from harness_forge.core.hints import did_you_mean
from harness_forge.registry.models.folder import folder_of, how_to_get
from harness_forge.training.plan.matrices import Shape
from harness_forge.training.plan.shape import read


@dataclass(frozen=True)
class Named:
    """The model that is planned for.

    Args:
        source: the file that its sizes are from.
        licence: '' where not known.
    """

    title: str
    licence: str
    source: str
    shape: Shape


def published(config: ForgeConfig) -> str:
    """Return the file of conf/model/shapes to plan for; '' is the model's own config.json.

    A model of conf/model for which no folder is given is planned by its published sizes.
    """
    from harness_forge.config.compose.project import choices

    model = config.model
    if model.shape or model.path or model.source.package:
        return model.shape
    return model.name if model.name in choices("model/shapes") else ""


def named_model(config: ForgeConfig, home: Path) -> Named:
    """Return the model to plan for: that of `model.shape`, or the recipe's by its config.json.

    Raises:
        TrainError: there is no such file, or it does not say the sizes.
    """
    if name := published(config):
        return _published(name)
    file = folder_of(config.model, home) / "config.json"
    if not file.is_file():
        hint = f"{how_to_get(config.model)}, or plan without it: model.shape=NAME"
        raise TrainError(f"model {config.model.name}: {file}", "is not there", hint)
    try:
        described = json.loads(file.read_bytes())
    except ValueError as error:
        raise TrainError(str(file), f"is not JSON: {error}") from None
    if not isinstance(described, dict):
        raise TrainError(str(file), "is not an object")
    title = config.model.title or config.model.name
    return Named(title, config.model.licence, str(file), read(described, str(file)))


def _published(name: str) -> Named:
    import yaml

    from harness_forge.config.compose.project import choices

    files = choices("model/shapes")
    if name not in files:
        known = sorted(files)
        hint = f"{did_you_mean(name, known)}one of: {', '.join(known)}"
        raise TrainError(
            f"model.shape: {name!r}", "there is no such file in conf/model/shapes", hint
        )
    file = files[name]
    try:
        card = yaml.safe_load(file.read_text(encoding="utf-8"))
        described = dict(card["config"])
    except (yaml.YAMLError, TypeError, ValueError, KeyError):
        raise TrainError(str(file), "has no config: the sizes as config.json names them") from None
    shape = read(described, str(file))
    source = card.get("source") or str(file)
    return Named(card.get("title") or name, card.get("licence") or "", source, shape)
