"""MLflow's registry repeats the ledger, catches up after a fault, and never decides."""

import sys
import warnings
from dataclasses import replace

import pytest
from loop_files import lines

from harness_forge.promotion.decide import decide
from harness_forge.promotion.files import Files
from harness_forge.promotion.history import rollback
from harness_forge.promotion.mlflow_mirror import ALIAS, mirror
from harness_forge.registry import decisions

SEAT = "lamps.worker"
# MLflow's own use of its libraries, in the tests' client; the mirror itself keeps it quiet.
NOISY = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def config(config, loop):
    return mirrored(config, f"sqlite:///{loop.root}/mlflow.db")


def mirrored(config, uri):
    return replace(config, promote=replace(config.promote, mlflow=uri))


@pytest.fixture
def client(loop):
    """MLflow's own client on that store."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow = pytest.importorskip("mlflow")
    uri = f"sqlite:///{loop.root}/mlflow.db"
    return mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)


def promote(config, loop, said=None):
    return decide(config, Files.of(loop.outputs), None, say=(said or []).append)


def second(loop):
    loop.train(0.5)
    loop.replay(shares={"adapter": 9, "base": 0, "few_shot": 1, "nearest": 2})
    loop.prove()
    loop.evaluate()


def stands(client):
    return client.get_model_version_by_alias(SEAT, ALIAS).tags["forge.digest"]


@NOISY
def test_the_registry_says_who_stands(client, config, loop):
    promote(config, loop)
    first = loop.digest
    assert stands(client) == first
    second(loop)
    promote(config, loop)
    assert stands(client) == loop.digest
    rollback(config, None, "flickers")
    assert mirror(config)
    assert stands(client) == first
    mirror(config)
    assert len(client.search_model_versions(f"name='{SEAT}'")) == 2  # each once


@NOISY
def test_what_a_fault_left_out_is_there_after_the_next_decision(client, config, loop):
    promote(mirrored(config, ""), loop)
    first = loop.digest
    second(loop)
    promote(config, loop)
    told = {v.tags["forge.digest"] for v in client.search_model_versions(f"name='{SEAT}'")}
    assert told == {first, loop.digest}


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("sqlite:////dev/null/all.db", "MLflow was not updated"),
        ("https://mlflow.example.org", "is another machine"),
        ("gibberish://", "MLflow was not updated"),
    ],
)
def test_a_fault_of_the_registry_changes_no_decision(config, loop, uri, told):
    said = []
    assert (
        decide(mirrored(config, uri), Files.of(loop.outputs), None, say=said.append).outcome.value
        == "promoted"
    )
    assert told in said[-1] and said[-1].endswith("the ledger holds it")
    assert len(lines(decisions.path(loop.home))) == 1


def test_without_mlflow_it_says_what_to_install(config, loop, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    said = []
    assert not mirror(promoted(config, loop), said.append)
    assert "pip install 'harness-forge[mlflow]'" in said[0]


def promoted(config, loop):
    promote(mirrored(config, ""), loop)
    return config


def test_the_registry_is_no_part_of_the_rule(config, loop):
    promote(config, loop)
    assert promote(mirrored(config, ""), loop).repeated
