"""A skill that takes foreign files in."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from harness_forge.collect.ingest.files import ingest
from harness_forge.config.compose.engine import compose
from harness_forge.config.split import SplitConfig
from harness_forge.datasets.audit.audit import audit


@pytest.fixture
def skill(store):
    store.upgrade("tau_bench")
    return store.skill("tau_bench")


@pytest.fixture(scope="session")
def tau_bench():
    return compose(None, ["source=tau_bench", "skill=tau_bench"]).source


@pytest.fixture
def take(skill):
    """Takes a path in, by a config, and returns the report."""

    def ask(path, config, progress=lambda source, found: None, **changes):
        config = replace(config, path=str(path), **changes)
        return ingest(skill, config, SplitConfig(), progress)

    return ask


@pytest.fixture
def count(skill):
    def ask(table="attempts", where="true"):
        with skill.connect_read_only() as connection:
            query = f"SELECT count(*) FROM {table} WHERE {where}"
            return connection.execute(query).fetchone()[0]

    return ask


@pytest.fixture
def ask(skill):
    def query(text):
        with skill.connect_read_only() as connection:
            return connection.execute(text).fetchall()

    return query


@pytest.fixture
def lines_of():
    """Write records as JSON lines."""

    def write(path, records):
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return path

    return write


@pytest.fixture
def audited():
    """Returns the checks of `forge audit` that a dataset fails, with what they tell."""
    return lambda folder: [(one.name, one.detail) for one in audit(folder) if not one.holds]
