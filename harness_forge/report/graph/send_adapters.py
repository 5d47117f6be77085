"""Sends adapters and the decisions on them to a graph."""

from __future__ import annotations

from collections import Counter

from harness_forge.config.schema import ForgeConfig
from harness_forge.registry.adapters.parents import manifests_of, parents_of
from harness_forge.report.graph import files
from harness_forge.store.bolt import Graph


def send_adapters(graph: Graph, config: ForgeConfig, sent: Counter) -> None:
    """Send every packaged adapter, with its datasets and its parents, and every decision."""
    found = files.adapters(config)
    nodes = [
        {"key": digest, "name": one["name"], "base": one.get("base", {}).get("name", "")}
        | {"dataset": one.get("dataset", {}).get("name", "")}
        | {"splits": list(one.get("dataset", {}).get("splits", ("train",)))}
        for digest, one in found.items()
    ]
    sent["Adapter"] += graph.write("Adapter", nodes)
    graph.send(
        "UNWIND $rows AS row MATCH (a:Adapter {key: row.adapter}) "
        "MATCH (d:Dataset {key: row.dataset}) MERGE (a)-[:TRAINED_ON]->(d) RETURN count(a) AS n",
        (
            {"adapter": digest, "dataset": manifest}
            for digest, one in found.items()
            for manifest in manifests_of(one)
        ),
    )
    graph.send(
        "UNWIND $rows AS row MATCH (a:Adapter {key: row.adapter}) "
        "MERGE (p:Adapter {key: row.parent}) MERGE (a)-[:STARTED_FROM]->(p) RETURN count(a) AS n",
        (
            {"adapter": digest, "parent": parent["digest"]}
            for digest, one in found.items()
            for parent in parents_of(one)
        ),
    )
    decided = files.decided(config)
    sent["Decision"] += graph.write("Decision", ({"key": one["id"], **one} for one in decided))
    graph.send(
        "UNWIND $rows AS row MATCH (d:Decision {key: row.id}) "
        "MERGE (a:Adapter {key: row.adapter}) ON CREATE SET a.name = row.name "
        "MERGE (d)-[:DECIDED]->(a) RETURN count(d) AS n",
        decided,
    )
