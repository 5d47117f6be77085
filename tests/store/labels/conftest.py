"""A skill to plant labels in, and an audit of it."""

from __future__ import annotations

import pytest
from planted_labels import Planted

from harness_forge.config.labels import LabelsConfig
from harness_forge.store.connections import connect
from harness_forge.store.labels.skill_audit import audit_labels


@pytest.fixture
def connection(store):
    """A connection to the schema stig, which is empty but for what the test plants."""
    store.upgrade("stig")
    with connect(store.url, autocommit=True) as connection:
        connection.execute("SET search_path = stig")
        yield connection


@pytest.fixture
def planted(connection):
    return Planted(connection)


@pytest.fixture
def audit(connection):
    """Audits what was planted."""

    def run(**settings):
        with connection.transaction():
            return audit_labels(connection, LabelsConfig(**settings))

    return run
