"""Mirrors the store, the datasets, the registry and the ledger of decisions to a graph.

Every node has a key that is unique under its label, so nothing is ever there twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.report.graph.send_adapters import send_adapters
from harness_forge.report.graph.send_datasets import send_datasets
from harness_forge.report.graph.send_records import SkillRecords
from harness_forge.store.bolt import Graph

LABELS = ("Skill", "Run", "Rule", "Attempt", "Tip", "Dataset", "Line", "Adapter", "Decision")

Say = Callable[[str], None]


def push(graph: Graph, config: ForgeConfig, stores: Sequence[Any], connect, say: Say) -> Counter:
    """Send what the graph lacks, and return how much was sent, by label.

    Args:
        stores: the skills to mirror.
        connect: opens any skill's store read-only; None for one that is not there.
        say: called with each line of progress.
    """
    for label in LABELS:
        graph.ask(
            f"CREATE CONSTRAINT forge_{label.lower()}_key IF NOT EXISTS "
            f"FOR (x:{label}) REQUIRE x.key IS UNIQUE"
        )
    sent: Counter[str] = Counter()
    for store in stores:
        with store.alone("graph"), store.connect_read_only() as connection:
            SkillRecords(graph, store.name, connection, sent, say).push()
    send_datasets(graph, config, connect, sent, say)
    send_adapters(graph, config, sent)
    return sent
