"""`forge workset`: the isolated environments of outside tools."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness_forge.errors import ConfigError

if TYPE_CHECKING:
    from harness_forge.operations.config import WorksetConfig
    from harness_forge.schema import ForgeConfig

SUMMARY = "install, show or remove the isolated tool environments"
USAGE = "ls | info NAME … | install NAME … [--yes] | remove NAME …  [key=value …]"
EXAMPLES = (
    "forge workset ls",
    "forge workset info train",
    "forge workset install train eval --yes",
    "FORGE_TORCH_INDEX_URL=URL forge workset install serve",
    "forge workset remove serve",
)
KEYS = ("worksets", "forge_home")

_ACTIONS = ("ls", "info", "install", "remove")


def main(argv: list[str]) -> int:
    """Do one action on the worksets that the recipe names."""
    from harness_forge.cli import composed
    from harness_forge.cli.words import one_of, sort

    words, flags, overrides = sort(argv, ("--yes",))
    action = one_of(words[0] if words else "ls", _ACTIONS, "action")
    config = composed(overrides)
    known = list(config.worksets)
    names = [one_of(word, known, "workset") for word in words[1:]]
    if action == "ls" and not names:
        print(listing(config))
        return 0
    if action == "ls" or not names:
        fault = "names no workset" if action != "ls" else "takes no name"
        form = f"forge workset {action}" + (" NAME …" if action != "ls" else "")
        raise ConfigError("command line", f"{action} {fault}", f"write: {form}")
    for name in names:
        if code := _act(action, name, config, "--yes" in flags):
            return code
    return 0


def _act(action: str, name: str, config: ForgeConfig, agreed: bool) -> int:
    if action == "info":
        print(information(name, config))
        return 0
    return _install(name, config, agreed) if action == "install" else _remove(name, config)


def listing(config: ForgeConfig) -> str:
    """Return one line a workset: what is on disk, and what for."""
    from harness_forge.operations.worksets import state

    home = Path(config.forge_home)
    lines = []
    for name, workset in config.worksets.items():
        there = state(name, workset, home)
        size = f"{there.disk_gb:.1f} GB" if there.disk_gb else "-"
        lines.append(f"{name:<8}{there.status:<12}{size:>8}  {workset.summary}")
    return "\n".join(lines)


def information(name: str, config: ForgeConfig) -> str:
    """Return what a user agrees to by installing a workset, and what is on disk of it."""
    from harness_forge.operations.worksets import folder, pick_variant, state

    workset = config.worksets[name]
    home = Path(config.forge_home)
    there = state(name, workset, home)
    variant_name, variant = pick_variant(name, workset)
    rows = [
        ("state", f"{there.status}, in {folder(name, home)}"),
        ("python", workset.python),
        ("needs", workset.needs),
        ("variant", f"{variant_name} (of: {', '.join(workset.variants)})"),
        ("pins", ", ".join(variant.first + variant.pins)),
        ("disk", _cost(variant.disk_gb, " GB", variant.measured)),
        ("time", _cost(variant.minutes, " minutes", variant.measured)),
        ("network", workset.network),
        ("telemetry", workset.telemetry),
        ("sets", " ".join(f"{key}={value}" for key, value in workset.environment.items())),
        ("licences", _licences(workset)),
    ]
    lines = [f"{key:<11}{value}" for key, value in rows if value]
    return "\n".join([f"{name}: {workset.summary}", *lines])


def _cost(amount: float, unit: str, measured: str) -> str:
    return f"{amount:g}{unit} ({measured})" if measured else "not measured on such a machine"


def _licences(workset: WorksetConfig) -> str:
    return ", ".join(f"{part} {licence}" for part, licence in workset.licences.items())


def _install(name: str, config: ForgeConfig, agreed: bool) -> int:
    from harness_forge.operations.installing import install
    from harness_forge.operations.worksets import state

    home = Path(config.forge_home)
    if state(name, config.worksets[name], home).status == "installed":
        print(f"{name} is installed")
        return 0
    print(information(name, config), flush=True)
    if not agreed and not _asked(f"install {name}?"):
        print("nothing was installed")
        return 1
    install(name, config.worksets[name], home, lambda step: print(f"{name}: {step}", flush=True))
    there = state(name, config.worksets[name], home)
    print(f"{name}: installed, {there.disk_gb:.1f} GB in {there.stamp['minutes']} minutes")
    return 0


def _asked(question: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigError("command line", "nobody is there to agree", "add --yes")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _remove(name: str, config: ForgeConfig) -> int:
    from harness_forge.operations.worksets import remove

    removed = remove(name, Path(config.forge_home))
    print(f"{name}: {'removed' if removed else 'there was nothing to remove'}")
    return 0
