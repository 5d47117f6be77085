"""`forge serve`: a base model with its adapters behind an OpenAI-compatible URL."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.cli import servers
from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import did_you_mean
from harness_forge.core.numbers import number
from harness_forge.core.numbers import seconds as seconds_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness_forge.config.schema import ForgeConfig
    from harness_forge.serving.server_plan import ServerPlan
    from harness_forge.serving.state import Running

SUMMARY = "serve a base model with adapters through vLLM, tested before use"
USAGE = (
    "[status | logs | stop | swap [ALIAS [ADAPTER]] | ollama [ADAPTER] | ADAPTER[:NAME] …] "
    "[--base] [--print | --unit | --compose] [--smoke | --no-smoke] [--detach] [--follow] "
    "[key=value …]"
)
EXAMPLES = (
    "forge serve",
    "forge serve stig-worker serve.port=8001",
    "forge serve stig-worker:gemma-4-31b-it-stig-v1",
    "forge serve --detach",
    "forge serve status",
    "forge serve logs --follow",
    "forge serve swap",
    "forge serve swap stig-champion stig-worker",
    "forge serve stop",
    "forge serve ollama stig-worker",
    "forge serve --print",
    "forge serve --unit > ~/.config/systemd/user/forge-serve.service",
    "forge serve --compose serve=cuda > compose.yaml",
    "forge serve --smoke",
    "forge serve --base model=smollm2-135m",
)
KEYS = ("serve", "model", "skill", "train", "worksets", "forge_home")
JSON = "an object: url, base, adapters, smoke; status: servers, aliases; swap: swaps, notes"

BASE, PRINT, SMOKE, NO_SMOKE = "--base", "--print", "--smoke", "--no-smoke"
"""Flags: no adapter; only the command; end after the smoke test; leave that test out."""
UNIT, COMPOSE, DETACH = "--unit", "--compose", "--detach"
"""Flags: a systemd unit or a compose file instead; go on without this terminal."""
FLAGS = (BASE, PRINT, SMOKE, NO_SMOKE, UNIT, COMPOSE, DETACH, servers.FOLLOW)
WORDS = {
    "status": servers.status,
    "logs": servers.logs,
    "stop": servers.stop,
    "swap": servers.swap,
    "ollama": servers.ollama,
}
"""First words that are no adapter's name."""

OUT = Path("outputs/smoke.json")
_EVERY_S = 10


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C; base and adapters are asked once before."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import for_people, show
    from harness_forge.cli.words import sort
    from harness_forge.serving import deploy_command, server_plan

    words, flags, overrides = sort(argv, FLAGS)
    if words and words[0] in WORDS:
        return WORDS[words[0]](composed(overrides), words[1:], flags)
    _sensible(words, flags)
    config = composed(overrides)
    _no_slip(config, words)
    if DETACH in flags:
        return _detach(config, argv)
    for flag in flags & {PRINT, UNIT, COMPOSE}:
        for_people(f"forge serve {flag}")
    plan = server_plan.plan(config, words, base_only=BASE in flags)
    if PRINT in flags:
        show(plan.rendered())
        return 0
    if UNIT in flags:
        text = deploy_command.unit(config, plan, [word for word in argv if word != UNIT])
        show(text.removesuffix("\n"))
        return 0
    if COMPOSE in flags:
        show(deploy_command.composed(config, plan).removesuffix("\n"))
        return 0
    return _serve(config, plan, flags)


def _sensible(words: list[str], flags: set[str]) -> None:
    if BASE in flags and words:
        raise ConfigError("command line", f"{BASE} serves no adapter", f"leave out {words[0]}")
    for group in ((SMOKE, NO_SMOKE), (PRINT, UNIT, COMPOSE, DETACH), (SMOKE, DETACH)):
        if len(both := [flag for flag in group if flag in flags]) > 1:
            raise ConfigError("command line", f"{' and '.join(both)} exclude each other")


def _no_slip(config: ForgeConfig, words: list[str]) -> None:
    """Refuse a first word that is nearly one of `WORDS` and no adapter."""
    from harness_forge.registry.adapters.registry import is_adapter

    if not words or is_adapter(words[0].partition(":")[0], Path(config.forge_home)):
        return
    if meant := did_you_mean(words[0], WORDS):
        what = f"there is no action or adapter '{words[0]}'"
        raise ConfigError("command line", what, f"{meant}{', '.join(WORDS)}")


def _detach(config: ForgeConfig, argv: list[str]) -> int:
    from harness_forge.cli.results import report
    from harness_forge.serving import detached, server

    settings, words = config.serve, [word for word in argv if word != DETACH]
    port = settings.port or server.free_port(settings.host)
    server.check_port(settings.host, port)
    # Twice what it may take to answer: the smoke test comes after.
    running = detached.start(
        Path(config.forge_home), port, [*words, f"serve.port={port}"], 2 * settings.start_timeout_s
    )
    names = ", ".join([running.base, *running.adapters])
    text = f"serve: {names} at {running.url}, process {running.server.pid}; `forge serve stop`"
    report({**_names(running.base, running.adapters), **_place(running)}, text)
    return 0


def _names(base: str, adapters: Sequence[str]) -> dict[str, Any]:
    return {"base": base, "adapters": list(adapters)}


def _place(running: Running) -> dict[str, Any]:
    return {"url": running.url, "pid": running.server.pid, "smoke": None}


def _serve(config: ForgeConfig, plan: ServerPlan, flags: set[str]) -> int:
    from harness_forge.cli.results import report, show
    from harness_forge.serving import server_run

    names = ", ".join([plan.base.name, *(adapter.name for adapter in plan.adapters)])
    for note in plan.notes:
        print(f"serve: {note}", flush=True)
    print(f"serve: starting {names} on {plan.hardware.name}", flush=True)
    with server_run.running(config, plan, _shower()) as server:
        _clear()
        smoke = None
        if NO_SMOKE not in flags:
            smoke = server_run.smoke_test(config, plan, server.url, OUT)
            show(f"{render(smoke)}\n  {OUT}")
        facts = _names(plan.base.name, [one.name for one in plan.adapters])
        facts |= {"url": server.url, "pid": None, "smoke": smoke}
        if SMOKE in flags:
            report(facts)
            return 0
        for line in server_run.point(config, plan, server.url):
            print(f"  {line}", flush=True)
        report(facts, f"serve: {names} at {server.url}; Ctrl-C ends it")
        server.wait()
    return 0


def render(report: dict[str, Any]) -> str:
    """Return what each answered, in a line each."""
    lines = []
    for name, answer in report["answers"].items():
        calls = ", ".join(call["name"] for call in answer["calls"])
        said = f"calls {calls}" if calls else repr(answer["content"][:40])
        lines.append(
            f"  {name}: {said}, {answer['tokens']} tokens in {seconds_text(answer['seconds'])} "
            f"({answer['finish_reason']})"
        )
    for name, found in report["differences"].items():
        answers = "another answer" if found["answer"] else "the same answer"
        gap = f"first token's log probability differs by {number(found['first_token'])}"
        lines.append(f"  {name} against the base: {answers}, {gap}")
    if report["differences"]:
        lines.append(
            "  asked at the same time, the base's log probabilities move by "
            f"{number(report['mixed'])}"
        )
    return "\n".join(["serve: smoke test passed", *lines])


def _shower():
    """Return what shows that it is starting: one line rewritten, else one every ten seconds."""
    live, printed_at = sys.stdout.isatty(), [0.0]

    def show(seconds: float, line: str) -> None:
        if live:
            print(f"\r\033[Kserve: {seconds_text(seconds)}: {line[:90]}", end="", flush=True)
        elif seconds - printed_at[0] >= _EVERY_S:
            printed_at[0] = seconds
            print(f"serve: {seconds_text(seconds)}: {line[:120]}", flush=True)

    return show


def _clear() -> None:
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
