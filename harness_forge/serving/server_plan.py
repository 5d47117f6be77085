"""The plan of a server: base model, adapters, workset, settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness_forge.config.model import ToolForm
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.serve import ServeConfig, ServeHardware
from harness_forge.core.chat.template import TEMPLATE
from harness_forge.core.errors import EvalError, ServeError
from harness_forge.registry import current, served_champions
from harness_forge.registry.adapters import taint
from harness_forge.registry.adapters.lineage import check_lineage
from harness_forge.registry.adapters.package import CONFIG, Adapter
from harness_forge.registry.models import tool_form
from harness_forge.registry.models.folder import BaseModel
from harness_forge.serving import (
    families,
    given_names,
    server,
    vllm_command,
)
from harness_forge.serving.vllm_command import ServedAdapter, ServedModel
from harness_forge.worksets import worksets

WORKSET = "serve"
_NEWEST = "there is no champion yet: the newest adapter is served, and aliases mean the base"


@dataclass(frozen=True)
class ServerPlan:
    """A server with all settings resolved; nothing is started.

    Args:
        command: vLLM's command line.
        extra: variables in addition to those of this machine.
        aliases: aliases to set when the server answers, and their models.
        notes: for the user, one line each.
    """

    config: ServeConfig
    hardware: ServeHardware
    base: ServedModel
    adapters: Sequence[ServedAdapter]
    command: Sequence[str]
    extra: Mapping[str, str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def rendered(self) -> str:
        """Return the command as a person would type it."""
        return vllm_command.rendered(self.command, self.extra)


def plan(
    config: ForgeConfig, given_names: Sequence[str] = (), *, base_only: bool = False
) -> ServerPlan:
    """Return the server of the recipe's base model with these adapters.

    Args:
        given_names: of adapters, as `forge prove` takes them, each with `:NAME` to
            serve it under another name; () is every champion, or the loop's newest
            adapter if there is no champion yet.
        base_only: serve no adapter.

    Raises:
        PromoteError: the champion ledger cannot be read.
        ServeError: an adapter was trained on another base model or chat
            template, a setting cannot be served, a champion is damaged, or a
            name was given to another adapter before.
        TrainError: there is no such adapter or base model, or it is damaged.
    """
    base_model = current.base_model_of(config)
    base = ServedModel(
        base_model.name,
        base_model.folder,
        config.model.context,
        _template(config, base_model),
        _tool_parser(config, base_model),
    )
    settings = config.serve
    if settings.port == 0:
        settings = replace(settings, port=server.free_port(settings.host))
    if base_only or given_names:
        chosen = [_chosen(config, base_model, name) for name in given_names]
        plan = settled(config, settings, base, _named(chosen, base.name))
        notes = taint.note(Path(config.forge_home), [adapter for adapter, _ in chosen])
        return replace(plan, notes=notes)
    return _champions(config, settings, base_model, base)


def _champions(
    config: ForgeConfig, settings: ServeConfig, base_model: BaseModel, base: ServedModel
) -> ServerPlan:
    """Return the server of every champion, or of the newest adapter if there is none yet."""
    found, notes = served_champions.served_champions(config, base_model)
    aliases = dict.fromkeys(served_champions.aliases_without_champion(config, found), base.name)
    if not found:
        chosen = [_chosen(config, base_model, None)]
        plan = settled(config, settings, base, _named(chosen, base.name))
        tainted = taint.note(Path(config.forge_home), [chosen[0][0]])
        return replace(plan, aliases=aliases, notes=[*notes, _NEWEST, *tainted])
    # One adapter may be champion of several slots; it has one name, by its content.
    adapters = {one.adapter.digest: by_content(one.adapter) for one in found}
    for one in found:
        aliases |= dict.fromkeys(one.aliases, adapters[one.adapter.digest].name)
    plan = settled(config, settings, base, list(adapters.values()))
    tainted = taint.note(Path(config.forge_home), [one.adapter for one in found])
    return replace(plan, aliases=aliases, notes=[*notes, *dict.fromkeys(tainted)])


def _chosen(
    config: ForgeConfig, base_model: BaseModel, word: str | None
) -> tuple[Adapter, str | None]:
    """Return an adapter that fits the base model, and the name it was given, if any."""
    word, _, name = (word or "").partition(":")
    adapter = current.current_adapter(config, word or None)
    check(adapter, base_model)
    given = given_names.given(Path(config.forge_home), name, adapter.digest) if name else None
    return adapter, given


def check(adapter: Adapter, base_model: BaseModel) -> None:
    """Refuse an adapter that was trained on another base model or chat template.

    Raises:
        ServeError: it was.
    """
    try:
        check_lineage(adapter, base_model)
    except EvalError as error:
        raise ServeError(error.where, error.what, error.hint) from None


def by_content(adapter: Adapter) -> ServedAdapter:
    """Return an adapter under the name of its content, which no other adapter ever has."""
    return ServedAdapter(adapter.label, adapter.folder, _rank(adapter), adapter.digest)


def settled(
    config: ForgeConfig, settings: ServeConfig, base: ServedModel, adapters: Sequence[ServedAdapter]
) -> ServerPlan:
    """Return the server of these parts, its command line rendered.

    Raises:
        ServeError: a setting that cannot be served.
    """
    hardware = _hardware(config)
    workset = worksets.folder(WORKSET, Path(config.forge_home))
    words = vllm_command.command(settings, workset, hardware, base, adapters)
    extra = dict(config.worksets[WORKSET].environment) | vllm_command.variables(settings, hardware)
    return ServerPlan(settings, hardware, base, adapters, words, extra)


def _named(chosen: Sequence[tuple[Adapter, str | None]], base: str) -> list[ServedAdapter]:
    """Return adapters under the names they were given, else their readable ones.

    If several have the same name, each gets the name of its content.
    """
    wanted = [base, *(given or adapter.name for adapter, given in chosen)]
    return [
        replace(by_content(adapter), name=given or adapter.name)
        if wanted.count(given or adapter.name) == 1
        else by_content(adapter)
        for adapter, given in chosen
    ]


def _rank(adapter: Adapter) -> int:
    adapter_config = json.loads((adapter.folder / CONFIG).read_text(encoding="utf-8"))
    return max(
        [int(adapter_config["r"]), *map(int, (adapter_config.get("rank_pattern") or {}).values())]
    )


def _tool_parser(config: ForgeConfig, base_model: BaseModel) -> str:
    """Return vLLM's name of how the base model writes calls."""
    form = tool_form.known_form(base_model.folder)
    if config.model.tools is not ToolForm.auto:
        form = tool_form.form_of(base_model.folder, config.model)
    return families.tool_parser(base_model.template, base_model.folder, form)


def _template(config: ForgeConfig, base_model: BaseModel) -> Path:
    """Return the file of the base model's chat template, which is that of training."""
    file = base_model.folder / TEMPLATE
    if file.is_file():
        return file
    # The model has its template in tokenizer_config.json: write it to a file.
    copy = Path(config.forge_home).resolve() / "serving" / f"{base_model.digest[:12]}.jinja"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(base_model.template, encoding="utf-8")
    return copy


def _hardware(config: ForgeConfig) -> ServeHardware:
    """Return the requested hardware, else what the workset is installed for."""
    asked = config.serve.hardware
    if asked is not ServeHardware.auto:
        return asked
    found = installed(config) or worksets.pick_variant(WORKSET, config.worksets[WORKSET], "")[0]
    return ServeHardware[found]


def installed(config: ForgeConfig) -> str:
    """Return the hardware that the serve workset is installed for, '' if it is not installed."""
    folder = worksets.folder(WORKSET, Path(config.forge_home))
    return worksets.read_stamp(folder).get("variant") or ""
