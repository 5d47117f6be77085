"""A skill to write to."""

from __future__ import annotations

import pytest


@pytest.fixture
def stig(store):
    store.upgrade("stig")
    return store.skill("stig")


@pytest.fixture
def query(stig):
    """Returns the rows of a query, asked as exporters ask."""

    def ask(text, *values):
        with stig.connect_read_only() as connection:
            return connection.execute(text, values or None).fetchall()

    return ask
