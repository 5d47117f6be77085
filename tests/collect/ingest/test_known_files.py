"""Which file is known, and which is refused by its first bytes."""

import pytest

from harness_forge.collect.ingest import known_files
from harness_forge.collect.ingest.known_files import known_file
from harness_forge.config.source import SourceConfig
from harness_forge.core.errors import SourceError


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "lanterns.tsv"
    path.write_text("job\tsaid\nlamp-1\tturn the key\nlamp-2\twait\n")
    return path


def test_a_table_is_refused_where_the_reader_reads_json(table):
    with pytest.raises(SourceError, match="is a table"):
        known_file(SourceConfig(), table, {})


def test_a_reader_of_another_form_gets_its_file(table, monkeypatch):
    monkeypatch.setattr(known_files, "JSON_FILES", ())
    found = known_file(SourceConfig(), table, {})
    assert found.size == table.stat().st_size
