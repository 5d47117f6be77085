"""Which file is known, and which is refused by its first bytes."""

import json
import shutil

import pytest

from harness_forge.collect.ingest import known_files
from harness_forge.collect.ingest.known_files import known_file
from harness_forge.config.source import MappingConfig, SourceConfig
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


def chats(*numbers):
    said = ({"role": "user", "content": f"Pot {n * 7919}?"} for n in numbers)
    ends = {"role": "assistant", "content": "Bay 3."}
    return "".join(json.dumps({"chat": [one, ends]}) + "\n" for one in said)


def named_by(item, **more):
    return SourceConfig("mine", mapping=MappingConfig(item=item, messages="{chat}", **more))


@pytest.fixture
def pots(tmp_path):
    path = tmp_path / "pots.jsonl"
    path.write_text(chats(1, 2))
    return path


def test_a_copy_under_another_name_adds_nothing_and_says_so(pots, take, count):
    by_name = named_by("{@stem} {@line}")
    take(pots, by_name)
    copy = shutil.copy(pots, pots.with_name("copy.jsonl"))
    report = take(copy, by_name).files[0]
    assert (report.added, count()) == (0, 2)
    assert report.notes["file"] == f"holds byte for byte what {pots} held"
    assert report.known
    pots.write_text(chats(1, 2, 3))
    assert take(pots, by_name).added == 1
    assert take(copy, by_name).added == 0  # what it held once


def test_a_copy_taken_in_again_takes_the_place_of_the_first(pots, take, ask):
    by_name = named_by("{@stem} {@line}")
    take(pots, by_name)
    copy = shutil.copy(pots, pots.with_name("copy.jsonl"))
    assert take(copy, by_name, again=True).added == 2
    assert ask("SELECT item_id FROM items ORDER BY 1") == [("copy 1",), ("copy 2",)]


def test_a_name_that_says_something_of_the_records_makes_another_file(pots, take, count):
    by_model = named_by("{@digest}", model="{@who}", name_pattern=r"(?P<who>\w+)\.jsonl$")
    take(pots, by_model)
    assert take(shutil.copy(pots, pots.with_name("other.jsonl")), by_model).added == 2


def test_a_record_known_by_what_it_holds_stays_so_in_a_file_that_grows_and_moves(pots, take, ask):
    by_content = named_by("{@digest}")
    take(pots, by_content)
    moved = pots.rename(pots.with_name("moved.jsonl"))
    moved.write_text(chats(1, 2, 3))
    assert take(moved, by_content).added == 1
    names = {name for (name,) in ask("SELECT item_id FROM items")}
    assert len(names) == 3
    assert all(len(one) == 16 and int(one, 16) for one in names)


def test_another_mapping_of_a_copy_is_refused(pots, take):
    take(pots, named_by("{@stem} {@line}"))
    copy = shutil.copy(pots, pots.with_name("copy.jsonl"))
    with pytest.raises(SourceError, match="another mapping"):
        take(copy, named_by("{@stem}-{@line}"))
