"""`forge proxy`: a proxy before model servers that captures requests and splits traffic."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError, EndpointError
from harness_forge.core.hints import did_you_mean
from harness_forge.core.numbers import percent, size

if TYPE_CHECKING:
    from harness_forge.collect.capture.drain import DrainResult
    from harness_forge.collect.capture.joining import JoinResult
    from harness_forge.config.schema import ForgeConfig

SUMMARY = "pass requests on to model servers, capture them whole, divide them among models"
USAGE = "[health | join LOG [--run=KEY] | drain | restore ARM] [key=value …]"
EXAMPLES = (
    "forge proxy proxy.upstreams.local.url=http://127.0.0.1:8000",
    "forge proxy proxy=ollama",
    "forge proxy proxy=gemma_forge skill=gemma_stig",
    "forge proxy health",
    "forge proxy join runs/run-20261121-081100.jsonl skill=gemma_stig",
    "forge proxy drain",
    "forge proxy restore stig/adapter",
)
KEYS = ("proxy", "skill", "store", "split", "redaction", "forge_home")
JSON = "health: state, counts, overhead, arms; drain, join: counts; restore: arm"

FOLLOW = "--follow"
_RUN = "--run="


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C, or do what the first word says."""
    from harness_forge.cli import composed
    from harness_forge.cli.words import sort

    run = next((word.removeprefix(_RUN) for word in argv if word.startswith(_RUN)), "")
    argv = [word for word in argv if not word.startswith(_RUN)]
    words, flags, overrides = sort(argv, (FOLLOW,))
    config, verb = composed(overrides), words[0] if words else "start"
    if verb == "start" and len(words) < 2:
        return _serve(config, overrides)
    if verb == "health" and len(words) == 1:
        return _health(config)
    if verb == "drain" and len(words) == 1:
        return _drain(config, FOLLOW in flags)
    if verb == "join" and len(words) == 2:
        return _join(config, Path(words[1]), run)
    if verb == "restore" and len(words) == 2:
        return _restore(config, words[1])
    meant = did_you_mean(verb, ("health", "join", "drain", "restore"))
    raise ConfigError(
        "command line", f"'{' '.join(words)}' is none of these", f"{meant}forge proxy {USAGE}"
    )


def _serve(config: ForgeConfig, overrides: list[str]) -> int:
    from harness_forge.cli.results import for_people, show
    from harness_forge.collect.capture import opening
    from harness_forge.serving.proxy import event_loop, watchdog

    for_people("a proxy that serves")
    handed = watchdog.from_watchdog()
    if config.proxy.watch_s and handed is None:
        command = [sys.executable, "-m", "harness_forge.cli", "proxy", *overrides]
        return watchdog.Watchdog(config.proxy, command).run()
    gateway = opening.gateway(config)
    writers: list[opening.DrainProcess] = []

    def ready(url: str) -> None:
        show(statement(config, url))
        if config.proxy.capture and not config.proxy.bypass:
            writers.append(opening.DrainProcess(overrides))
            gateway.more = writers[0].check

    try:
        if handed is None:
            event_loop.run(gateway, ready)
        else:
            event_loop.run(gateway, ready, handed.listener, handed.heartbeat)
    finally:
        gateway.release()
        for writer in writers:
            writer.close()
    return 0


def statement(config: ForgeConfig, url: str) -> str:
    """Return what the proxy does, stores and where, for people to read when it starts."""
    from harness_forge.collect.capture.opening import folder_of
    from harness_forge.store.address import mask

    proxy = config.proxy
    servers = ", ".join(f"{name} ({one.url})" for name, one in proxy.upstreams.items())
    lines = [f"proxy: {url} in front of {servers}"]
    if proxy.bypass:
        lines.append("  bypassed: everything goes to the first of them, nothing is stored")
    elif not proxy.capture:
        lines.append("  stores nothing (proxy.capture=false)")
    else:
        store = mask(config.store.url) if config.store.url else f"the store in {config.forge_home}"
        said = "redacted" if proxy.redact else "as they are"
        lines += [
            f"  stores requests and answers whole, {said}, in {store}, skill {config.skill.name}",
            f"  until then they wait, as they came, in {folder_of(config) / 'spool'}",
            "  never stored: Authorization, cookies and other headers",
        ]
    remote = sorted(proxy.allow_remote)
    lines.append(f"  may send to: {', '.join(remote)}" if remote else "  sends to this host alone")
    if not proxy.key_env:
        lines.append(f"  asks callers for no key; listens on {proxy.host}")
    return "\n".join(lines)


def _health(config: ForgeConfig) -> int:
    import httpx

    from harness_forge.cli.results import report
    from harness_forge.serving.proxy import own_address

    url, headers = own_address.url(config.proxy), own_address.headers(config.proxy)
    try:
        health = httpx.get(f"{url}/forge/health", headers=headers, timeout=5).json()
    except (httpx.HTTPError, ValueError) as error:
        raise EndpointError(url, f"no proxy answers there: {error}", "forge proxy") from None
    report(health, render(url, health))
    return 0 if health.get("state") != "sick" else EndpointError.exit_code


def render(url: str, facts: dict[str, Any]) -> str:
    """Return a proxy's health as a few lines."""
    lines = [f"{url}: {facts['state']}" + (f": {facts['why']}" if facts.get("why") else "")]
    if "overhead" not in facts:
        return lines[0]
    lines.append(f"{'added, ms':24}{'requests':>10}{'p50':>9}{'p90':>9}{'p99':>9}")
    names = {
        "before_upstream": "before the server",
        "first_byte": "at the first byte",
        "end": "at the end",
    }
    for key, name in names.items():
        one = facts["overhead"][key]
        values = "".join(f"{one.get(f'{p}_ms', 0.0):>9.2f}" for p in ("p50", "p90", "p99"))
        lines.append(f"{name:24}{one['count']:>10}{values}")
    counts = ", ".join(f"{name} {count}" for name, count in facts["counts"].items() if count)
    lines.append(counts or "no request yet")
    lines.append(f"{facts['active']} under way, {size(facts['spool_bytes'])} wait for the store")
    for arm, one in facts["arms"].items():
        out = f"; OUT: {one['out']}" if one["out"] else ""
        lines.append(
            f"arm {arm}: {one['requests']} requests, {percent(one['error_rate'])} failed,"
            f" {one['outcomes']} outcomes, {percent(one['success'])} passed{out}"
        )
    return "\n".join(lines)


def _drain(config: ForgeConfig, follow: bool) -> int:
    from harness_forge.cli.results import for_people, report
    from harness_forge.collect.capture import opening
    from harness_forge.collect.capture.drain import written_as_dict

    if follow:
        for_people(f"a drain with {FOLLOW}")

    with _alone(config, wait=follow):
        drain = opening.drain(config)
        if follow:
            drain.follow(_parent())
        else:
            written = drain.once()
            report(written_as_dict(written), summary(written))
    if follow and drain.written.captures:
        print(json.dumps(written_as_dict(drain.written)), file=sys.stderr)
    return 0


def summary(written: DrainResult) -> str:
    """Return what was written, in a line or two."""
    lines = [f"{written.captures} captures and {written.outcomes} outcomes written"]
    if written.skipped:
        lines.append(f"  {written.skipped} bytes of the spool were no record")
    if written.aside:
        lines.append(f"  {written.aside} records set aside, in `aside` of the spool's folder")
    if written.joined.made or written.joined.turns:
        lines.append("  " + joined_line(written.joined))
    return "\n".join(lines)


def joined_line(joined: JoinResult) -> str:
    """Return what a join came to."""
    parts = [f"{joined.made} attempts made of {joined.turns} captures"]
    parts += [f"{joined.known} were there already"] if joined.known else []
    parts += [f"{joined.without} have no capture and were left out"] if joined.without else []
    parts += [f"{joined.unread} captures cannot be turns"] if joined.unread else []
    return ", ".join(parts)


def _alone(config: ForgeConfig, wait: bool):
    """Return what holds the spool's reading side; two readers would write all twice as slowly."""
    import time

    from harness_forge.collect.capture.opening import folder_of
    from harness_forge.core.errors import ServeError
    from harness_forge.serving.proxy.spool import locked

    folder = folder_of(config) / "spool"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    while (lock := locked(folder / "drain.lock")) is None:
        if not wait:
            raise ServeError(str(folder), "is being emptied by another process", "wait for it")
        time.sleep(0.2)
    return lock


def _parent():
    """Return what tells whether the proxy that started this still runs: it holds our stdin open."""
    import select

    return lambda: not select.select([sys.stdin], [], [], 0)[0]


def _join(config: ForgeConfig, path: Path, run: str) -> int:
    from harness_forge.cli.results import report
    from harness_forge.collect.capture import runlog
    from harness_forge.collect.capture.drain import KEY
    from harness_forge.config.source import SourceConfig, SourceKind
    from harness_forge.store.captures import Captures
    from harness_forge.store.opening import opened_skill
    from harness_forge.store.splits import recorded

    source = SourceConfig(name="gemma-forge", kind=SourceKind.gemma_forge_jsonl)
    log = runlog.read(path, source)
    with opened_skill(config) as store:
        with store.intake(f"{KEY}/{log.run}") as intake:
            joined = runlog.join(Captures(intake), log, run)
        splits = recorded.assign_recorded(store, config.split) if joined.made else {}
        store.tidy()
    lines = [f"run {log.run}: {joined_line(joined)}"]
    if splits:
        counts = ", ".join(f"{split} {count}" for split, count in splits.items())
        lines.append(f"  splits of new groups: {counts}")
    report({"run": log.run, **vars(joined), "splits": splits}, "\n".join(lines))
    return 0


def _restore(config: ForgeConfig, arm: str) -> int:
    from harness_forge.cli.results import report
    from harness_forge.collect.capture.opening import folder_of
    from harness_forge.serving.proxy import guard

    file = folder_of(config) / "guard.jsonl"
    out = guard.arms_out(file)
    if arm not in out:
        hint = f"{did_you_mean(arm, out)}out: {', '.join(out) or 'none is'}"
        raise ConfigError(f"arm '{arm}'", "is not out of its route", hint)
    guard.write(file, {"arm": arm, "event": "restored"})
    text = f"{arm} is back in its route; a proxy that runs takes it at its next start"
    report({"arm": arm, "restored": True}, text)
    return 0
