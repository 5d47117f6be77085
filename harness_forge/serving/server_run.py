"""Runs a planned server: start, aliases, smoke test, stop.

`forge serve`, proofs and tests use it to serve a model.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.core.errors import ServeError
from harness_forge.core.files import write_json
from harness_forge.rollouts.policies import probes
from harness_forge.serving import aliases, server, smoke, state, swap
from harness_forge.serving.server import Launch, Server, Show
from harness_forge.serving.server_plan import WORKSET, ServerPlan, installed
from harness_forge.worksets import worksets


@contextmanager
def running(
    config: ForgeConfig, plan: ServerPlan, show: Show = lambda seconds, line: None
) -> Iterator[Server]:
    """Start a server, yield it when it answers, stop it and its children afterwards.

    Raises:
        ServeError: the port is in use, the server died while it started, or the
            workset is installed for other hardware.
        WorksetError: the serve workset is not installed.
    """
    _check_installed(config, plan)
    home = Path(config.forge_home)
    texts: list[state.Running] = []

    def begun(pid: int) -> None:
        texts.append(_state(plan, launch, pid))
        state.write(home, texts[0])

    try:
        # vLLM leaves sockets and files in the folder of temporary files with each start.
        with TemporaryDirectory(prefix="forge-serve-", ignore_cleanup_errors=True) as scratch:
            launch = Launch(
                command=plan.command,
                variables=worksets.environment_of(WORKSET, home) | _local(scratch) | plan.extra,
                host=plan.config.host,
                port=plan.config.port,
                log=home.resolve() / "serving" / f"{plan.config.port}.log",
                timeout_s=plan.config.start_timeout_s,
            )
            with server.running(launch, show, begun) as started:
                yield started
    finally:
        if texts:
            state.forget(home, plan.config.port)


def _local(scratch: str) -> dict[str, str]:
    """Return variables that keep a server to this machine and to its own temporary files.

    Without an address of its own, vLLM asks the kernel for the way to 8.8.8.8 to find one.
    What torch has compiled stays where it would be without them: it is used again.
    """
    usual = {
        "TORCHINDUCTOR_CACHE_DIR": str(Path(gettempdir()) / f"torchinductor_{os.getuid()}"),
        "VLLM_HOST_IP": "127.0.0.1",
    }
    return {"TMPDIR": scratch, **{name: os.environ.get(name, usual[name]) for name in usual}}


def point(config: ForgeConfig, plan: ServerPlan, url: str) -> list[str]:
    """Point the plan's aliases to the server, and return a line for each.

    After that the server is ready: it answers, was tested, and gets requests. An
    alias of an adapter on another running server is not changed.
    """
    home, texts = Path(config.forge_home), []
    others = {one.url for one in state.servers(home)[0] if one.url != url}
    digests = {one.name: one.digest for one in plan.adapters}
    with swap.alone(home):
        for alias, model in plan.aliases.items():
            now = aliases.read(home).get(alias)
            if now and now.url in others:
                texts.append(f"{alias} stays {now.model} at {now.url}")
                continue
            aliases.move(home, alias, model, url, digests.get(model, ""))
            texts.append(f"{alias} is {model}")
    found = [one for one in state.servers(home)[0] if one.port == plan.config.port]
    for one in found:
        state.write(home, replace(one, ready=True))
    return texts


def _state(plan: ServerPlan, launch: Launch, pid: int) -> state.Running:
    words = list(plan.command)
    rank = words[words.index("--max-lora-rank") + 1] if "--max-lora-rank" in words else 0
    return state.Running(
        server=state.process(pid),
        owner=state.process(os.getpid()),
        port=launch.port,
        url=launch.url,
        base=plan.base.name,
        adapters=[adapter.name for adapter in plan.adapters],
        rank=int(rank) if plan.config.hot_swap else 0,
        hardware=plan.hardware.name,
        since=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        log=str(launch.log),
    )


def smoke_test(config: ForgeConfig, plan: ServerPlan, url: str, out: Path) -> dict[str, Any]:
    """Ask base and adapters a probe prompt and write their answers to `out`.

    Raises:
        ServeError: one does not answer, or an adapter answers like the base.
            Then no file is left at `out`.
    """
    out.unlink(missing_ok=True)
    report = smoke.smoke(
        url,
        plan.base.name,
        [adapter.name for adapter in plan.adapters],
        messages=probes.messages([each.skill.host for each in skills_of(config)])[0],
        tools=probes.tools(),
        max_tokens=plan.config.smoke_tokens,
    )
    write_json(out, report, sort_keys=True)
    return report


def _check_installed(config: ForgeConfig, plan: ServerPlan) -> None:
    """Refuse a plan for other hardware than the workset's, if it is to run here."""
    found, asked = installed(config), plan.hardware.name
    if found not in ("", asked):
        what = f"the serve workset is installed for {found}"
        hint = (
            f"serve.hardware={found}, or `forge workset remove {WORKSET}` and "
            f"`forge workset install {WORKSET} worksets.{WORKSET}.variant={asked}`"
        )
        raise ServeError(f"serve.hardware: {asked}", what, hint)
