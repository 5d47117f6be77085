"""Parts that many tests share: an embedded PostgreSQL server and a fresh store in it."""

from __future__ import annotations

import pytest

from harness_forge.store import Store, open_store


@pytest.fixture(scope="session")
def forge_home(tmp_path_factory):
    """A forge home for the whole session, so that one server serves all tests."""
    return tmp_path_factory.mktemp("forge")


@pytest.fixture(scope="session")
def store_server(forge_home):
    """The session's store, open from the first test that asks to the last."""
    with open_store(None, forge_home) as store:
        yield store


@pytest.fixture
def store(store_server):
    """A store without any skill; what a test writes is gone after it."""
    with Store(store_server.url) as store:
        yield store
    with store_server.engine.begin() as connection:
        for skill in store_server.skills():
            connection.exec_driver_sql(f"DROP SCHEMA {skill} CASCADE")
