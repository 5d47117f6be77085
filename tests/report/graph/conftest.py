"""A real Bolt server, a store with tips behind attempts, and a dataset of it."""

from dataclasses import replace

import pytest
from harnesses import Harness

from harness_forge.config.compose.engine import compose
from harness_forge.core.records import Origin, Split, Tip, TipRetrieval
from harness_forge.report.graph.push import push
from harness_forge.store.bolt import opened


@pytest.fixture
def harness(store, tmp_path):
    """Lamps that a model mends: two tips, shown and held back, one item held out."""
    store.upgrade("stig")
    made = Harness(store.skill("stig"), tmp_path / "data")
    lamp, bulb = made.item("lamp"), made.item("bulb")
    kept = made.item("kept", Split.HOLDOUT)
    tips = [Tip("turn it left", "recovery", "threads"), Tip("hit it", "warning")]
    made.attempt(lamp, "echo a", passed=False, tips=tips)
    model = {"policy": "model:m", "origin": Origin.MODEL}
    seen = [TipRetrieval(1, 1, 0.9, True, 0.5), TipRetrieval(2, 2, 0.8, False, 0.5)]
    made.attempt(lamp, "echo b", retrievals=seen, **model)
    made.attempt(bulb, "echo c", retrievals=seen, passed=False, **model)
    made.attempt(kept, "echo d", retrievals=seen, **model)
    made.attempt(bulb, "echo e", purpose="evaluate", **model)
    return made


@pytest.fixture
def dataset(harness):
    """A dataset of the lines that passed."""
    recipe = compose(None, ["role=worker", "skill=stig", "format=sft"]).export
    return harness.export(recipe).path


@pytest.fixture
def config(dataset, tmp_path):
    """The composition; without a graph."""
    words = [f"data_dir={dataset.parent}", f"forge_home={tmp_path}/home", "skill=stig"]
    return compose(None, words)


@pytest.fixture
def mirrored(config, graph_config):
    """The same with the graph."""
    return replace(config, graph=graph_config)


@pytest.fixture
def connect(store):
    there = set(store.skills())
    return lambda name: store.skill(name).connect_read_only() if name in there else None


@pytest.fixture
def send(harness, mirrored, connect):
    """Push once; return what was sent."""

    def send(config=mirrored, say=lambda text: None):
        with opened(config.graph) as graph:
            return push(graph, config, [harness.skill], connect, say)

    return send


@pytest.fixture
def counts(ask_graph):
    def counts(**where):
        nodes = ask_graph("MATCH (x) RETURN labels(x)[0] AS name, count(x) AS n", **where)
        edges = ask_graph("MATCH ()-[e]->() RETURN type(e) AS name, count(e) AS n", **where)
        return {row["name"]: row["n"] for row in nodes + edges}

    return counts
