"""People can look up every reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness_forge.store.labels.checks import CHECKS

DOCS = (Path(__file__).parents[3] / "docs/datasets.md").read_text()


@pytest.mark.parametrize("reason", CHECKS)
def test_a_reason_is_in_the_docs(reason):
    assert f"`{reason}`" in DOCS


def test_every_file_of_sql_belongs_to_a_check_and_every_check_has_one():
    from harness_forge.store.labels import check

    named = [path.name.split(".")[:-1] for path in Path(check.__file__).parent.glob("sql/*.*.sql")]
    files = sorted((reason, table) for reason, *tables in named for table in tables)
    assert files == sorted((one.reason, table) for one in CHECKS.values() for table in one.selects)
    assert all(one.selects for one in CHECKS.values())
