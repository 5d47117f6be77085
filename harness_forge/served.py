"""Joins what a server needs: base model, adapters, workset, settings.

`forge serve` and tests share it; so can whoever needs a served model for a while.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness_forge import probes, proving
from harness_forge.adapters import prove as proof
from harness_forge.adapters.package import CONFIG, Adapter
from harness_forge.errors import EvalError, ServeError
from harness_forge.files import write_json
from harness_forge.models.folder import TEMPLATE
from harness_forge.operations import worksets
from harness_forge.schema import ForgeConfig, skills_of
from harness_forge.serving import command as commands
from harness_forge.serving import server
from harness_forge.serving import smoke as smoking
from harness_forge.serving.command import ServedAdapter, ServedModel
from harness_forge.serving.config import ServeConfig, ServeHardware
from harness_forge.serving.server import Launch, Server, Show

WORKSET = "serve"


@dataclass(frozen=True)
class Plan:
    """A server, every question settled; nothing is started.

    Args:
        command: vLLM's command line.
        extra: variables beside those of this machine.
    """

    config: ServeConfig
    hardware: ServeHardware
    base: ServedModel
    adapters: Sequence[ServedAdapter]
    command: Sequence[str]
    extra: Mapping[str, str]

    def rendered(self) -> str:
        """Return the command as a person would type it."""
        return commands.rendered(self.command, self.extra)


def plan(config: ForgeConfig, names: Sequence[str] = (), *, base_only: bool = False) -> Plan:
    """Return the server that serves the recipe's base model with these adapters.

    Args:
        names: of adapters, as `forge prove` takes them; () is the loop's newest.
        base_only: serve no adapter.

    Raises:
        ServeError: an adapter was trained on another base model or chat
            template, or a setting cannot be served.
        TrainError: there is no such adapter or base model, or it is damaged.
    """
    subject = proving.subject_of(config)
    wanted = [] if base_only else [proving.adapter_of(config, name) for name in names or [None]]
    for adapter in wanted:
        try:
            proof.check_lineage(adapter, subject)
        except EvalError as error:
            raise ServeError(error.where, error.what, error.hint) from None
    base = ServedModel(
        subject.name,
        subject.folder,
        config.model.context,
        _template(config, subject),
        config.model.tools.name,
    )
    adapters = _named(wanted, base.name)
    settings = config.serve
    if settings.port == 0:
        settings = replace(settings, port=server.free_port(settings.host))
    return settled(config, settings, base, adapters)


def settled(
    config: ForgeConfig, settings: ServeConfig, base: ServedModel, adapters: Sequence[ServedAdapter]
) -> Plan:
    """Return the server of these parts, its command line rendered.

    Raises:
        ServeError: a setting that cannot be served.
    """
    hardware = _hardware(config)
    place = worksets.folder(WORKSET, Path(config.forge_home))
    words = commands.command(settings, place, hardware, base, adapters)
    extra = dict(config.worksets[WORKSET].environment) | commands.variables(settings, hardware)
    return Plan(settings, hardware, base, adapters, words, extra)


@contextmanager
def running(
    config: ForgeConfig, plan: Plan, show: Show = lambda seconds, line: None
) -> Iterator[Server]:
    """Start a server, yield it once it answers, end it and its children afterwards.

    Raises:
        ServeError: the port is in use, or the server died while it started.
        WorksetError: the serve workset is not installed.
    """
    home = Path(config.forge_home)
    launch = Launch(
        command=plan.command,
        variables=worksets.environment_of(WORKSET, home) | plan.extra,
        host=plan.config.host,
        port=plan.config.port,
        log=home.absolute() / "serving" / f"{plan.config.port}.log",
        timeout_s=plan.config.start_timeout_s,
    )
    with server.running(launch, show) as started:
        yield started


def smoke(config: ForgeConfig, plan: Plan, url: str, out: Path) -> dict[str, Any]:
    """Ask base and adapters a probe prompt and write what they answered to `out`.

    Raises:
        ServeError: one does not answer, or an adapter answers as the base
            does. Nothing is left at `out` then.
    """
    out.unlink(missing_ok=True)
    report = smoking.smoke(
        url,
        plan.base.name,
        [adapter.name for adapter in plan.adapters],
        messages=probes.messages([each.skill.host for each in skills_of(config)])[0],
        tools=probes.tools(),
        max_tokens=plan.config.smoke_tokens,
    )
    write_json(out, report, sort_keys=True)
    return report


def _named(adapters: Sequence[Adapter], base: str) -> list[ServedAdapter]:
    """Return adapters under their readable names; of several with one name, under their hashes."""
    names = [base, *(adapter.name for adapter in adapters)]
    return [
        ServedAdapter(
            adapter.name
            if names.count(adapter.name) == 1
            else f"{adapter.name}-{adapter.digest[:12]}",
            adapter.folder,
            _rank(adapter),
        )
        for adapter in adapters
    ]


def _rank(adapter: Adapter) -> int:
    facts = json.loads((adapter.folder / CONFIG).read_text(encoding="utf-8"))
    return max([int(facts["r"]), *map(int, (facts.get("rank_pattern") or {}).values())])


def _template(config: ForgeConfig, subject: proof.Subject) -> Path:
    """Return the file of the base model's chat template, the one it is trained with."""
    file = subject.folder / TEMPLATE
    if file.is_file():
        return file
    # A model that has its template inside tokenizer_config.json.
    copy = Path(config.forge_home).absolute() / "serving" / f"{subject.digest[:12]}.jinja"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(subject.template, encoding="utf-8")
    return copy


def _hardware(config: ForgeConfig) -> ServeHardware:
    """Return what is served on: what the workset is, or would be, installed for.

    Raises:
        ServeError: the workset is installed for another.
    """
    asked, home = config.serve.hardware, Path(config.forge_home)
    stamp = worksets.read_stamp(worksets.folder(WORKSET, home))
    found = stamp.get("variant")
    if not found:
        wanted = "" if asked is ServeHardware.auto else asked.name
        found, _ = worksets.pick_variant(WORKSET, config.worksets[WORKSET], wanted)
    if asked not in (ServeHardware.auto, ServeHardware[found]):
        what = f"the serve workset is installed for {found}"
        hint = (
            f"serve.hardware={found}, or `forge workset remove {WORKSET}` and "
            f"`forge workset install {WORKSET} worksets.{WORKSET}.variant={asked.name}`"
        )
        raise ServeError(f"serve.hardware: {asked.name}", what, hint)
    return ServeHardware[found]
