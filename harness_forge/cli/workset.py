"""`forge workset`: the isolated environments of outside tools."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import NONE, seconds
from harness_forge.core.numbers import size as size_text

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig
    from harness_forge.config.workset import WorksetConfig

SUMMARY = "install, show, bundle or remove the isolated tool environments"
USAGE = (
    "ls | info NAME … | install NAME … [--yes] [--from PATH] | remove NAME … | "
    "bundle NAME … [--to PATH] | lock NAME …  [key=value …]"
)
EXAMPLES = (
    "forge workset ls",
    "forge workset info train",
    "forge workset install train eval --yes",
    "FORGE_TORCH_INDEX_URL=URL forge workset install serve",
    "forge workset remove serve",
    "forge workset bundle eval --to eval.tar",
    "forge workset install eval --from eval.tar --yes",
    "forge workset lock train",
)
KEYS = ("worksets", "forge_home")
JSON = "an array: an object a workset, with name and status, or what was done"

Facts = dict[str, Any]
"""What an action says of one workset, for `--json`."""

FROM, TO = "--from", "--to"
"""Flags: the bundle to install from; where to write a bundle, a folder or a file.tar."""

DECLARED = "declared"
"""Status of a workset that forge does not install."""

_ACTIONS = ("ls", "info", "install", "remove", "bundle", "lock")


def main(argv: list[str]) -> int:
    """Do one action on the worksets that the recipe names."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import one_of, sort, valued

    source, rest = valued(argv, FROM)
    to, rest = valued(rest, TO)
    words, flags, overrides = sort(rest, ("--yes", FROM, TO))
    action = one_of(words[0] if words else "ls", _ACTIONS, "action")
    config = composed(overrides)
    known = list(config.worksets)
    names = [one_of(word, known, "workset") for word in words[1:]]
    _check_places(action, names, source, to)
    if action == "ls" and not names:
        states = _states(config)
        report(states, listing(states))
        return 0
    if action == "ls" or not names:
        fault = "names no workset" if action != "ls" else "takes no name"
        form = f"forge workset {action}" + (" NAME …" if action != "ls" else "")
        raise ConfigError("command line", f"{action} {fault}", f"write: {form}")
    done: list[dict[str, Any]] = []
    for name in names:
        facts = _act(action, name, config, "--yes" in flags, source or to)
        done.append({"name": name, **facts})
        if facts.get("declined"):
            break
    report(done)
    return 1 if done[-1].get("declined") else 0


def _check_places(action: str, names: list[str], source: str | None, to: str | None) -> None:
    """Refuse --from and --to where they say nothing."""
    for flag, value, verb in ((FROM, source, "install"), (TO, to, "bundle")):
        if value and action != verb:
            raise ConfigError("command line", f"{flag} belongs to {verb}", f"forge workset {verb}")
        if value and len(names) > 1:
            hint = f"forge workset {verb} {names[0]} {flag} {value}"
            raise ConfigError("command line", f"{flag} is for one workset at a time", hint)


def _act(action: str, name: str, config: ForgeConfig, agreed: bool, path: str | None) -> Facts:
    if action == "info":
        return _info(name, config)
    if action == "bundle":
        return _bundle(name, config, path)
    if action == "lock":
        return _lock(name, config)
    if action == "remove":
        return _remove(name, config)
    return _install(name, config, agreed, path)


def _states(config: ForgeConfig) -> list[Facts]:
    from harness_forge.config.compose.project import locks_folder
    from harness_forge.worksets.worksets import state

    home = Path(config.forge_home)
    found = []
    for name, workset in config.worksets.items():
        there = state(name, workset, home, locks_folder(workset))
        status = there.status if workset.variants else DECLARED
        facts = {"name": name, "status": status, "disk_gb": there.disk_gb}
        found.append({**facts, "summary": workset.summary})
    return found


def listing(states: list[Facts]) -> str:
    """Return one line a workset: what is on disk, and what for."""
    lines = []
    for one in states:
        size = size_text(one["disk_gb"] * 1e9) if one["disk_gb"] else NONE
        lines.append(f"{one['name']:<15}{one['status']:<12}{size:>8}  {one['summary']}")
    return "\n".join(lines)


def _info(name: str, config: ForgeConfig) -> Facts:
    from harness_forge.cli.results import show
    from harness_forge.config.compose.project import locks_folder
    from harness_forge.worksets.locks import path_of
    from harness_forge.worksets.worksets import folder, shown_variant, state

    show(information(name, config))
    workset, home = config.worksets[name], Path(config.forge_home)
    found = shown_variant(name, workset)
    if found is None:
        return {"status": DECLARED, "settings": workset}
    locks = locks_folder(workset)
    there, (kind, variant) = state(name, workset, home, locks), found
    return {
        "status": there.status,
        "folder": folder(name, home),
        "disk_gb": there.disk_gb,
        "variant": kind,
        "lock": path_of(variant, locks),
        "settings": workset,
    }


def information(name: str, config: ForgeConfig) -> str:
    """Return what a user agrees to: pins, disk, network, telemetry, licences, data."""
    workset = config.worksets[name]
    rows = [
        *_installs(name, config),
        ("network", workset.network),
        ("data", workset.data),
        ("telemetry", workset.telemetry),
        ("sets", " ".join(f"{key}={value}" for key, value in workset.environment.items())),
        ("licences", _licences(workset)),
    ]
    lines = [f"{key:<11}{value}" for key, value in rows if value]
    return "\n".join([f"{name}: {workset.summary}", *lines])


def _installs(name: str, config: ForgeConfig) -> list[tuple[str, str]]:
    from harness_forge.config.compose.project import locks_folder, shown
    from harness_forge.worksets.locks import path_of
    from harness_forge.worksets.worksets import folder, shown_variant, state

    workset, home = config.worksets[name], Path(config.forge_home)
    found = shown_variant(name, workset)
    if found is None:
        return [("state", DECLARED), ("needs", workset.needs), ("instead", workset.instead)]
    kind, variant = found
    locks = locks_folder(workset)
    there = state(name, workset, home, locks)
    return [
        ("state", f"{there.status}, in {folder(name, home)}"),
        ("python", workset.python),
        ("needs", workset.needs),
        ("variant", f"{kind} (of: {', '.join(workset.variants)})"),
        ("pins", ", ".join(variant.first + variant.pins)),
        ("lock", shown(path_of(variant, locks))),
        ("disk", _cost(size_text(variant.disk_gb * 1e9), variant.measured)),
        ("time", _cost(seconds(variant.minutes * 60), variant.measured)),
    ]


def _cost(amount: str, measured: str) -> str:
    return f"{amount} ({measured})" if measured else "not measured on such a machine"


def _licences(workset: WorksetConfig) -> str:
    return ", ".join(f"{part} {licence}" for part, licence in workset.licences.items())


def _install(name: str, config: ForgeConfig, agreed: bool, source: str | None) -> Facts:
    from contextlib import nullcontext

    from harness_forge.cli.line import StatusLine
    from harness_forge.cli.results import show
    from harness_forge.config.compose.project import locks_folder
    from harness_forge.worksets.bundles import opened
    from harness_forge.worksets.installing import check_python, install
    from harness_forge.worksets.worksets import log_of, pick_variant, state

    workset, home = config.worksets[name], Path(config.forge_home)
    locks = locks_folder(workset)
    # Before anybody is asked to agree: one that this machine cannot have is refused.
    pick_variant(name, workset)
    check_python(name, workset.python)
    if state(name, workset, home, locks).status == "installed":
        show(f"{name} is installed")
        return {"status": "installed", "new": False}
    # Who agreed beforehand has read it, or can.
    print(_in_short(name, config) if agreed else information(name, config), flush=True)
    if not agreed and not asked(f"install {name}?"):
        show("nothing was installed")
        return {"status": state(name, workset, home, locks).status, "declined": True}
    line = StatusLine(name)
    with opened(name, workset, locks, Path(source)) if source else nullcontext() as bundle:
        install(name, workset, home, locks, line.step, line.count, bundle)
    there = state(name, workset, home, locks)
    size, spent = size_text(there.disk_gb * 1e9), seconds(there.stamp["minutes"] * 60)
    line.end(f"installed, {size} in {spent}; pip's words: {log_of(name, home)}")
    return {"status": there.status, "new": True, "disk_gb": there.disk_gb}


def _in_short(name: str, config: ForgeConfig) -> str:
    from harness_forge.worksets.worksets import pick_variant

    workset = config.worksets[name]
    kind, variant = pick_variant(name, workset)
    size = f", {size_text(variant.disk_gb * 1e9)}" if variant.disk_gb else ""
    return f"{name}: {workset.summary} ({kind}{size}); `forge workset info {name}` says more"


def _bundle(name: str, config: ForgeConfig, to: str | None) -> Facts:
    import platform

    from harness_forge.cli.line import StatusLine
    from harness_forge.config.compose.project import locks_folder
    from harness_forge.worksets import bundles

    kind = f"py{sys.version_info[0]}{sys.version_info[1]}-{platform.machine()}"
    path = Path(to or f"{name}-{kind}{bundles.TAR}")
    line = StatusLine(name)
    workset, home = config.worksets[name], Path(config.forge_home)
    locks = locks_folder(workset)
    files, size = bundles.make(name, workset, home, locks, path, line.step, line.count)
    line.end(f"{files} files, {size_text(size)} in {path}")
    return {"bundle": path, "files": files, "bytes": size}


def _lock(name: str, config: ForgeConfig) -> Facts:
    from harness_forge.cli.results import show
    from harness_forge.config.compose.project import locks_folder, shown
    from harness_forge.worksets import locking, locks

    workset, made = config.worksets[name], {}
    if not workset.variants:
        show(f"{name}: only declared, there is nothing to lock")
    for variant in workset.variants.values():
        path = locks.path_of(variant, locks_folder(workset))
        if not variant.lock:
            raise ConfigError(f"workset {name}", "its variant names no lock", "lock: NAME")
        if path not in made:
            lock, gaps = locking.make(name, workset, variant)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(locks.render(name, lock), encoding="utf-8")
            head = f"{shown(path)}: {len(lock.packages)} packages"
            show("\n".join([head, *(f"  {gap}" for gap in gaps)]))
            made[path] = len(lock.packages)
    return {"packages": made}


def asked(question: str) -> bool:
    """Return whether the person at the terminal agrees.

    Raises:
        ConfigError: nobody is there.
    """
    # With --quiet nobody would see the question.
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("command line", "nobody is there to agree", "add --yes")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _remove(name: str, config: ForgeConfig) -> Facts:
    from harness_forge.cli.results import show
    from harness_forge.worksets.worksets import remove

    removed = remove(name, Path(config.forge_home))
    show(f"{name}: {'removed' if removed else 'there was nothing to remove'}")
    return {"removed": removed}
