"""`forge store`: look after the store."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness_forge.core.numbers import count, size

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig
    from harness_forge.store.database import Store

SUMMARY = "look after the store: status, upgrade, url, psql"
USAGE = "status|upgrade|url|psql [key=value …] [PSQL_OPTION …]"
EXAMPLES = (
    "forge store status",
    "forge store upgrade skill=stig",
    "forge store url store.url=postgresql://forge@db.example/forge",
    "forge store psql -c 'SELECT count(*) FROM stig.attempts'",
)
KEYS = ("store", "skill", "forge_home")
JSON = (
    "status: url, embedded, server_version, size_bytes, skills; upgrade: steps by skill; url: url"
)


def main(argv: list[str]) -> int:
    """Run one of the actions and return its exit code."""
    from harness_forge.cli import composed
    from harness_forge.core.errors import ConfigError
    from harness_forge.core.hints import did_you_mean

    actions = {"status": _status, "upgrade": _upgrade, "url": _url, "psql": _psql}
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
    from harness_forge.config.schema import skills_of
    from harness_forge.store.opening import opened_store

    done = {}
    named = {one.skill.name for one in skills_of(config)}
    with opened_store(config) as store:
        for skill in sorted({*store.skills(), *named}):
            steps = done[skill] = store.upgrade(skill)
            show(f"{skill}: {', '.join(steps) if steps else 'up to date'}")
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
    from harness_forge.store.psql import run

    for_people("forge store psql")
    store = _open(config)
    try:
        return run(store.url, others)
    finally:
        store.close()


def _open(config: ForgeConfig) -> Store:
    from pathlib import Path

    from harness_forge.store.database import open_store

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
