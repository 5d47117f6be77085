"""`forge graph`: mirror the records to a Bolt server, and say where things come from."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig

SUMMARY = "mirror the records to a Bolt server; say where a line, tip or adapter comes from"
USAGE = "push | why (DATASET LINE | SKILL.tips:ID | ADAPTER) [key=value …]"
EXAMPLES = (
    "forge graph push skill=stig graph.url=bolt://127.0.0.1:7687",
    "forge graph why stig_worker_sft train:12",
    "forge graph why stig.tips:7 --json",
    "forge graph why stig-worker graph.url=bolt://127.0.0.1:7687",
)
KEYS = ("graph", "store", "skill", "forge_home", "data_dir")
JSON = "push: url, skills, sent: counts; why: an object of what was found, within each other"

_SHOWN = 160


def main(argv: list[str]) -> int:
    """Push, or answer from the graph where one is named, else from store and files."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import one_of, sort

    words, _, overrides = sort(argv)
    action = one_of(words.pop(0) if words else "", ("push", "why"), "action of graph")
    config = composed(overrides)
    if action == "push":
        if words:
            raise ConfigError("command line", "push takes settings alone", f"forge graph {USAGE}")
        return _push(config)
    answer = _why(config, words)
    report(answer, "\n".join(_lines(answer)))
    return 0


def _push(config: ForgeConfig) -> int:
    from harness_forge.cli.results import report
    from harness_forge.config.several import skills_of
    from harness_forge.report.graph.push import push
    from harness_forge.store.bolt import opened
    from harness_forge.store.opening import require_store

    require_store(config)
    with opened(config.graph) as graph, _stores(config) as (store, connect):
        there = set(store.skills())
        names = [one.skill.name for one in skills_of(config) if one.skill.name in there]
        stores = [store.skill(name) for name in names]
        sent = push(graph, config, stores, connect, lambda text: print(text, file=sys.stderr))
    counts = ", ".join(f"{count} {name}" for name, count in sent.items() if count)
    url = config.graph.url
    text = f"{url}: sent {counts or 'nothing'}; skills: {', '.join(names) or 'none'}"
    report({"url": url, "skills": names, "sent": sent}, text)
    return 0


def _why(config: ForgeConfig, words: list[str]) -> dict[str, Any]:
    from harness_forge.report.graph.why import why

    if config.graph.url:
        from harness_forge.report.graph.mirrored import GraphRecords
        from harness_forge.store.bolt import opened

        with opened(config.graph) as graph:
            return why(GraphRecords(graph, config), config, words)
    from harness_forge.report.graph.stored import StoredRecords

    with _stores(config) as (_, connect):
        return why(StoredRecords(config, connect), config, words)


@contextmanager
def _stores(config: ForgeConfig) -> Iterator[tuple[Any, Any]]:
    """Yield the store, and what opens a skill's part of it read-only."""
    from harness_forge.store.opening import has_store, opened_store

    if not has_store(config):
        yield None, lambda name: None  # what the files alone know
        return
    with opened_store(config) as store:
        there = set(store.skills())
        yield store, lambda name: store.skill(name).connect_read_only() if name in there else None


def _lines(answer: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """Yield an answer line by line: facts of one thing on one line, what is within below it."""
    pad = "  " * depth
    flat = {key: _text(value) for key, value in answer.items() if _is_flat(value)}
    if flat:
        yield pad + "  ".join(f"{key}={text}" for key, text in flat.items() if text)
    for name, value in answer.items():
        if name not in flat:
            yield f"{pad}{name}" if value else f"{pad}{name}: none"
            for one in [value] if isinstance(value, dict) else value:
                yield from _lines(one, depth + 1)


def _is_flat(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) for one in value)
    return not isinstance(value, dict)


def _text(value: Any) -> str:
    words = ",".join(value) if isinstance(value, list) else str(value)
    text = " ".join(words.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
