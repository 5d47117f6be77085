"""A verb on a test's store, for all that brings records in."""

from __future__ import annotations

import pytest

from harness_forge.cli import main


@pytest.fixture
def forge(store, tmp_path, capsys):
    """Runs a verb on the test's store; returns its exit code and what it printed."""

    def run(*words):
        code = main(
            [*words, f"store.url='{store.url}'", f"data_dir={tmp_path}", f"forge_home={tmp_path}"]
        )
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run
