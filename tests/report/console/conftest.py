"""Consoles over one store with records, a dataset, an adapter and a training.

They are made once a module: its tests leave records and folders as they are, and take
flags back. Tests that need a store of their own are in `test_console_states.py`.
"""

import pytest
from console_parts import console, dataset, loop, records, training

from harness_forge.store.database import Store


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The folders of a loop."""
    root = tmp_path_factory.mktemp("console")
    made = loop(root)
    assert made.home == root / "home"
    training(made.home, "k1")
    dataset(root / "data", [1, 2, 3])
    return root


@pytest.fixture(scope="module")
def filled(store_server):
    """A store with three attempts of skill stig: failed, passed, hostile."""
    with Store(store_server.url) as store:
        records(store)
        yield store
        with store.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA stig CASCADE")


@pytest.fixture(scope="module")
def browser(folders, filled):
    """A browser at a console that only shows."""
    with console(folders, filled.url) as browser:
        yield browser


@pytest.fixture(scope="module")
def writer(folders, filled):
    """A browser at a console that may mark attempts."""
    with console(folders, filled.url, write=True) as browser:
        yield browser
