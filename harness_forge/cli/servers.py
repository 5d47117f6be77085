"""Actions of `forge serve` on a running server: status, logs, stop, swap."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError, ServeError
from harness_forge.core.numbers import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness_forge.config.schema import ForgeConfig
    from harness_forge.serving.state import Running
    from harness_forge.serving.swap import SwapResult

FOLLOW = "--follow"
_TAIL = 40


def status(config: ForgeConfig, words: Sequence[str], flags: set[str]) -> int:
    """Show what runs, whether it answers, and each alias' target; 14 if none answers."""
    from harness_forge.cli.results import report, show
    from harness_forge.serving import aliases, state

    _none(words)
    home = Path(config.forge_home)
    found, stale = state.servers(home)
    for file in stale:
        show(f"serve: the server on port {file.stem} is gone without a word; forgotten")
    servers = [_shown(running) for running in found]
    targets = dict(sorted(aliases.read(home).items()))
    for name, target in targets.items():
        here = target.url in [running.url for running in found]
        gone = "" if here else " (no server of forge's runs there)"
        show(f"  {name} is {target.model} at {target.url} since {target.since}{gone}")
    report({"servers": servers, "aliases": targets})
    if not found:
        raise ServeError("forge serve", "no server runs", "start one: forge serve --detach")
    return 0 if all(one["answers"] for one in servers) else ServeError.exit_code


def logs(config: ForgeConfig, words: Sequence[str], flags: set[str]) -> int:
    """Show the end of a server's own log; with --follow what comes, until Ctrl-C."""
    from harness_forge.cli.results import for_people
    from harness_forge.serving import state

    _none(words)
    for_people("forge serve logs")
    home = Path(config.forge_home)
    found, _ = state.servers(home)
    last = sorted((home / "serving").glob("*.log"), key=lambda file: file.stat().st_mtime)
    if not found and not last:
        raise ServeError("forge serve", "no server has run here yet")
    log = Path(state.one(home, config.serve.port).log) if found else last[-1]
    with log.open(encoding="utf-8", errors="replace") as file:
        lines = file.readlines()
        print(f"serve: {log}", file=sys.stderr)
        sys.stdout.writelines(lines[-_TAIL:])
        while FOLLOW in flags:
            sys.stdout.write(file.read())
            sys.stdout.flush()
            time.sleep(0.3)
    return 0


def stop(config: ForgeConfig, words: Sequence[str], flags: set[str]) -> int:
    """End the server, the forge that watches it and all it started."""
    from harness_forge.cli.results import report
    from harness_forge.serving import state

    _none(words)
    home = Path(config.forge_home)
    running = state.one(home, config.serve.port)
    state.stop(home, running)
    facts = {"base": running.base, "url": running.url, "stopped": True}
    report(facts, f"serve: stopped {running.base} at {running.url}")
    return 0


def swap(config: ForgeConfig, words: Sequence[str], flags: set[str]) -> int:
    """Put an adapter behind an alias, or every champion behind its own."""
    from harness_forge.cli.results import report
    from harness_forge.serving import swapping

    if len(words) > 2:
        raise ConfigError("command line", "one alias and one adapter at a time")
    if words:
        done, notes = [swapping.swapped(config, words[0], (*words[1:], None)[0])], []
    else:
        done, notes = swapping.followed(config)
    text = "\n".join([*(line for one in done for line in swapped(one)), *notes])
    report({"swaps": done, "notes": notes}, text)
    return 0


def ollama(config: ForgeConfig, words: Sequence[str], flags: set[str]) -> int:
    """Write an adapter and its base for Ollama and llama.cpp, loaded there once."""
    from harness_forge.cli.results import report
    from harness_forge.serving import gguf

    if len(words) > 1:
        raise ConfigError("command line", "one adapter at a time")
    print("serve: converting with llama.cpp's own converters", flush=True)
    made = gguf.write(config, (*words, None)[0])
    apart = f"by {number(made.gap)} nats" if made.gap < 1e9 else "in its first token"
    text = (
        f"serve: {made.folder}: loaded in llama.cpp, answers otherwise than the base ({apart})\n"
        f"  ollama create {made.name} -f {made.folder}/Modelfile\n"
        f"  {made.folder}/llama-server.sh"
    )
    gap = made.gap if made.gap < 1e9 else None
    report({"name": made.name, "folder": made.folder, "gap_nats": gap}, text)
    return 0


def swapped(done: SwapResult) -> list[str]:
    """Return a line for each thing that a swap did."""
    lines = []
    for name, now in done.after.items():
        before = done.before.get(name)
        was = f", was {before.model}" if before and before != now else ""
        lines.append(f"serve: {name} is {now.model}{was}" + (" still" if before == now else ""))
    lines += [f"  {name}: no longer used, unloaded" for name in done.unloaded]
    return lines + [f"  {name}: still loaded: {why}" for name, why in done.kept.items()]


def _shown(running: Running) -> dict[str, Any]:
    """Show what a server is and whether it answers, and return it."""
    from harness_forge.cli.results import show
    from harness_forge.serving import hot

    try:
        listed, said = hot.listed(running.url), "answers"
    except ServeError as error:
        listed, said = {}, "is starting" if not running.ready else error.what
    orphan = "; the forge that started it is gone" if running.orphan else ""
    show(
        f"serve: {running.url} {said}, on {running.hardware} since {running.since}, "
        f"process {running.server.pid}{orphan}"
    )
    for name, folder in listed.items():
        show(f"  {name}" + (f" from {folder}" if folder else ""))
    return {
        "url": running.url,
        "answers": bool(listed),
        "said": said,
        "hardware": running.hardware,
        "since": running.since,
        "pid": running.server.pid,
        "orphan": running.orphan,
        "models": listed,
    }


def _none(words: Sequence[str]) -> None:
    if words:
        raise ConfigError("command line", f"'{words[0]}' is one word too many")
