"""What a user should know about a base model before time is spent on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from harness_forge.config.compose.project import choices, parts
from harness_forge.config.model import ModelConfig, ToolForm
from harness_forge.core.numbers import count
from harness_forge.registry.models.folder import BaseModel, described
from harness_forge.registry.models.tool_form import known_form

_SIZES = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")


def remarks(base: BaseModel, config: ModelConfig) -> list[str]:
    """Return what does not fit between a model's folder and its settings, a sentence each."""
    return [*_family(base, config), *_sizes(base, config), *_calls(base, config)]


def _family(base: BaseModel, config: ModelConfig) -> Iterator[str]:
    kind = described(base.folder).get("model_type", "none")
    if config.architectures and kind not in config.architectures:
        wanted = " or ".join(config.architectures)
        yield f"its config.json has model_type {kind}, and {config.name} is for {wanted}"
    elif kind not in known_architectures():
        yield (
            f"no family in conf/model is for model_type {kind}: layers that adapters are put on"
            f" ({', '.join(config.target_modules)}) and the end of a turn are guesses"
        )


def _sizes(base: BaseModel, config: ModelConfig) -> Iterator[str]:
    own = _text(described(base.folder))
    published = _published(config.name)
    for key in _SIZES:
        if key in own and key in published and own[key] != published[key]:
            yield (
                f"its config.json has {key} {own[key]}, and {config.name} has {published[key]}:"
                " it is another size"
            )
            return
    most = own.get("max_position_embeddings")
    if isinstance(most, int) and most < config.context:
        yield (
            f"its config.json allows {count(most)} tokens, and model.context is"
            f" {count(config.context)}: model.context={most}"
        )


def _calls(base: BaseModel, config: ModelConfig) -> Iterator[str]:
    if known_form(base.folder) is None:
        form = "hermes" if config.tools is ToolForm.auto else config.tools.name
        yield (
            "its chat template shows no tools, or writes calls in a form that no parser here"
            f" reads: answers are read as {form}"
        )


@cache
def known_architectures() -> frozenset[str]:
    """Return every `model_type` that a file of conf/model names."""
    import yaml

    found: set[str] = set()
    for file in parts("model").values():
        card = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        found.update(card.get("architectures") or ())
    return frozenset(found)


def _published(name: str) -> Mapping[str, Any]:
    """Return the sizes of a model in conf/model/shapes; {} where there are none."""
    import yaml

    file = choices("model/shapes").get(name)
    card = yaml.safe_load(file.read_text(encoding="utf-8")) if file else {}
    return _text((card or {}).get("config") or {})


def _text(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a config that describes the text model."""
    inner = found.get("text_config")
    return inner if isinstance(inner, dict) else found
