"""`forge store`: look after the store."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness_forge.core.numbers import NONE, count, counted, number, size

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig
    from harness_forge.store.database import Store

SUMMARY = "look after the store: status, upgrade, prices, url, psql"
USAGE = "status|upgrade|prices|url|psql [key=value …] [PSQL_OPTION …]"
EXAMPLES = (
    "forge store status",
    "forge store upgrade skill=stig",
    "forge store prices skill=stig prices=example",
    "forge store url store.url=postgresql://forge@db.example/forge",
    "forge store psql -c 'SELECT count(*) FROM stig.attempts'",
)
KEYS = ("store", "prices", "skill", "skills", "forge_home")
JSON = (
    "status: url, embedded, server_version, size_bytes, skills; upgrade: steps by skill; url: url;"
    " prices: each skill's prices and models"
)


def main(argv: list[str]) -> int:
    """Run one of the actions and return its exit code."""
    from harness_forge.cli import composed
    from harness_forge.core.errors import ConfigError
    from harness_forge.core.hints import did_you_mean

    actions = {
        "status": _status,
        "upgrade": _upgrade,
        "prices": _prices,
        "url": _url,
        "psql": _psql,
    }
    action, *rest = argv or [""]
    if action not in actions:
        raise ConfigError(
            "forge store",
            f"there is no action '{action}'" if action else "which action?",
            f"{did_you_mean(action, actions)}forge store {'|'.join(actions)}",
        )
    overrides, others = _divide(rest)
    if others and action != "psql":
        raise ConfigError(f"forge store {action}", f"takes no '{others[0]}'", "only key=value")
    return actions[action](composed(overrides), others)


def _divide(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the overrides and, from the first option on, what is psql's."""
    for place, word in enumerate(words):
        if word.startswith("-") or "=" not in word:
            return words[:place], words[place + (word == "--") :]
    return words, []


def _status(config: ForgeConfig, _others: list[str]) -> int:
    from pathlib import Path

    from harness_forge.cli.results import report

    data = Path(config.forge_home) / "pg"
    if not config.store.url and not data.exists():
        none = {"url": None, "embedded": True, "server_version": None, "size_bytes": 0}
        text = f"no store yet: `forge run` or `forge ingest` makes one in {data}"
        report({**none, "skills": {}}, text)
        return 0
    from harness_forge.store.opening import opened_store

    with opened_store(config) as store:
        found = store.status()
        report(found, render(found))
    return 0


def _upgrade(config: ForgeConfig, _others: list[str]) -> int:
    from harness_forge.cli.results import report, show
    from harness_forge.config.several import skills_of
    from harness_forge.store.opening import opened_store

    done = {}
    named = {one.skill.name for one in skills_of(config)}
    with opened_store(config) as store:
        for skill in sorted({*store.skills(), *named}):
            steps = done[skill] = store.upgrade(skill)
            show(f"{skill}: {', '.join(steps) if steps else 'up to date'}")
    report(done)
    return 0


def _prices(config: ForgeConfig, _others: list[str]) -> int:
    """Store the prices that the config names, if any, and show what each model costs by them."""
    from harness_forge.cli.results import report, show
    from harness_forge.config.several import skills_of
    from harness_forge.store.opening import opened_store, require_store
    from harness_forge.store.prices import store_prices

    if not config.prices.models:
        require_store(config)
    done = {}
    with opened_store(config) as store:
        for one in skills_of(config):
            name = one.skill.name
            store.upgrade(name)
            done[name] = store_prices(store.skill(name), config.prices)
            show(render_prices(name, **done[name]))
    report(done)
    return 0


def _url(config: ForgeConfig, _others: list[str]) -> int:
    from harness_forge.cli.results import report

    store = _open(config)
    report({"url": store.url, "embedded": store.embedded}, store.url)
    if store.embedded:
        print(
            "the embedded server runs until a later forge command ends with nobody connected",
            file=sys.stderr,
        )
    store.close(keep=True)
    return 0


def _psql(config: ForgeConfig, others: list[str]) -> int:
    from harness_forge.cli.results import for_people
    from harness_forge.store.opening import require_store
    from harness_forge.store.psql import run

    for_people("forge store psql")
    require_store(config)
    store = _open(config)
    try:
        return run(store.url, others)
    finally:
        store.close()


def _open(config: ForgeConfig) -> Store:
    from pathlib import Path

    from harness_forge.store.database import open_store
    from harness_forge.store.opening import announce_store

    announce_store(config)
    return open_store(config.store.url, Path(config.forge_home))


def render(status: dict) -> str:
    """Return the store's status as a few lines."""
    kind = "embedded " if status["embedded"] else ""
    lines = [
        f"url      {status['url']}",
        f"server   {kind}PostgreSQL {status['server_version']}",
        f"size     {size(status['size_bytes'])}",
    ]
    if not status["skills"]:
        lines.append("skills   none yet; `forge run` or `forge ingest` makes one")
    for name, skill in status["skills"].items():
        state = "up to date" if skill["current"] else "needs `forge store upgrade`"
        lines.append(
            f"\nschema {name}: step {skill['revision']} ({state}), {size(skill['size_bytes'])}"
        )
        lines += [f"  {table:<16} {count(rows):>10}" for table, rows in skill["rows"].items()]
    return "\n".join(lines)


def render_prices(skill: str, prices: list[dict], models: list[dict]) -> str:
    """Return the stored prices of a skill, and what each model of its turns costs by them."""
    if not prices:
        return f"{skill}: no prices stored; docs/costs.md shows how to give yours"
    kinds = ("input", "cached_input", "output", "reasoning", "watts", "usd_per_kwh")
    lines = [f"{skill}: USD per million tokens", f"  {'pattern':32}" + _cells(kinds)]
    lines += [f"  {row['pattern']:32}" + _cells(number(row[k]) for k in kinds) for row in prices]
    lines.append(f"  {'model':32}" + _cells(("turns", "priced", "USD")) + "  pattern")
    for row in models:
        cells = (count(row["turns"]), count(row["priced"]), number(row["usd_known"]))
        lines.append(f"  {row['model'] or '(none)':32}{_cells(cells)}  {row['pattern'] or NONE}")
    unknown = sum(row["turns"] - row["priced"] for row in models)
    if unknown:
        lines.append(f"  the cost of {counted(unknown, 'turn')} is unknown")
    return "\n".join(lines)


def _cells(texts) -> str:
    return "".join(f"{text:>14}" for text in texts)
