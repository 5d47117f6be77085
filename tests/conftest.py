"""Parts that many tests share: an embedded PostgreSQL server and a fresh store in it.

No test sees what a user of this clone made in it: tests start in an empty folder,
and what they open of the clone's outputs, datasets and store by its full path fails.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from graph_server import ask_graph, bolt_url, graph_config  # noqa: F401 - fixtures
from side_by_side import pytest_runtestloop  # noqa: F401 - a hook

from harness_forge.store.database import Store, open_store

ROOT = Path(__file__).parents[1]
MADE_HERE = tuple(
    f"{ROOT}/{name}" for name in ("outputs", "data", "ledger", "dvc.lock", ".dvc/tmp")
)
HOME = f"{ROOT}/.forge/"
INSTALLED = tuple(f"{HOME}{name}" for name in ("worksets", "models", "scap"))
"""Of the clone's forge home tests use what a command installs, nothing that a run left."""


def no_look_at_what_users_made(event, args):
    """Fail when a path of the clone's own outputs or store is opened or listed.

    A relative name says nothing: it may be one within a folder that is open already, and
    tests start where no such name leads to the clone.
    """
    if event in ("open", "os.listdir", "os.scandir") and args and isinstance(args[0], str):
        path = os.path.normpath(args[0])
        if path.startswith(MADE_HERE) or (path.startswith(HOME) and not path.startswith(INSTALLED)):
            raise AssertionError(f"a test looks at what was made in this clone: {path}")


sys.addaudithook(no_look_at_what_users_made)


@pytest.fixture(scope="session", autouse=True)
def elsewhere():
    """Start in an empty folder: `outputs`, `data` and `.forge` are looked for where one is."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        yield Path(folder)
        os.chdir(before)


@pytest.fixture(autouse=True)
def no_looks_yet(elsewhere):
    """Start without a ledger of looks: tests have the same items, and would share a budget."""
    yield
    # Some folders of tests start each test elsewhere themselves.
    if elsewhere:
        shutil.rmtree(elsewhere / "ledger", ignore_errors=True)


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
