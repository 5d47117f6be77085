"""Records in a list under a key of an object are read one at a time; a misfit names the key."""

import json
from dataclasses import replace

import pytest

from harness_forge.collect.sources import trajectories
from harness_forge.collect.sources.lines import values
from harness_forge.collect.sources.records import LeftOut
from harness_forge.config.source import Layout, MappingConfig, SourceConfig

RECORDS = [{"task": f"t{n}", "note": {"drawer": n, "marks": [1, {"a": "]}"}]}} for n in range(6)]
NAMES = [record["task"] for record in RECORDS]
FACTS = {"version": 2, "meta": {"data": "not this", "list": [{"data": [1]}]}, "big": 10**30}


def read(path, text, records="data", limit=1):
    path.write_text(text)
    return [
        (one.place, one.reason) if isinstance(one, LeftOut) else one.value["task"]
        for one in values(path, Layout.auto, limit, records)
    ]


DOCUMENTS = {
    "alone": {"data": RECORDS},
    "behind facts": {**FACTS, "data": RECORDS},
    "before facts": {"data": RECORDS, **FACTS},
}


@pytest.mark.parametrize("indent", [None, 0, 1])
@pytest.mark.parametrize("form", DOCUMENTS)
def test_every_record_of_the_list_is_read(tmp_path, form, indent):
    assert read(tmp_path / "a.json", json.dumps(DOCUMENTS[form], indent=indent)) == NAMES


def test_the_list_may_lie_deeper(tmp_path):
    text = json.dumps({"z": [], "result": {"n": 6, "items": RECORDS, "next": None}, "end": {}})
    assert read(tmp_path / "a.json", text, "result.items") == NAMES


def test_each_line_may_be_a_page_and_one_without_the_list_is_counted(tmp_path):
    pages = [{"data": RECORDS[:2]}, {"error": {"why": "busy"}}, {"data": []}, {"data": RECORDS[2:]}]
    text = "".join(json.dumps(page) + "\n" for page in pages)
    assert read(tmp_path / "a.json", text) == [*NAMES[:2], (3, "no_records"), *NAMES[2:]]


@pytest.mark.parametrize("other", ["[1, 2]", "7", '{"data": {"task": "x"}}', '{"data" 1}', "oops"])
def test_behind_what_holds_no_such_list_the_next_is_read(tmp_path, other):
    page = json.dumps({"data": RECORDS}) + "\n"
    found = read(tmp_path / "a.json", page + other + "\n" + page)
    assert [one for one in found if isinstance(one, str)] == NAMES * 2
    assert len(found) == 13


def test_a_broken_record_is_counted_and_the_next_is_read(tmp_path):
    whole = json.dumps({"data": RECORDS})
    assert read(tmp_path / "a.json", whole.replace('"t2"', "oops")) == [
        *NAMES[:2],
        (3, "not_json"),
        *NAMES[3:],
    ]


def test_a_file_that_ends_within_the_list_says_so(tmp_path):
    text = json.dumps({"data": RECORDS})
    assert read(tmp_path / "a.json", text[:-2]) == [*NAMES, (7, "broken_array")]
    assert read(tmp_path / "a.json", text[:-12])[-1] == (6, "broken_array")


def test_a_list_that_stands_twice_in_one_object_is_not_half_read_without_a_word(tmp_path):
    text = '{"data": [{"task": "a"}], "data": [{"task": "b"}]}'
    assert read(tmp_path / "a.json", text) == ["a", (2, "doubled_key")]


def test_the_whole_may_be_longer_than_a_record_may_be(tmp_path):
    many = [{"task": f"t{n}", "words": "y" * 5000} for n in range(600)]
    assert len(read(tmp_path / "a.json", json.dumps({"data": many}))) == 600
    [said] = values(tmp_path / "a.json", Layout.auto, 1)
    assert (said.reason, said.detail) == (
        "too_long",
        "over 1 MB; if its records lie within it: source.records=data",
    )


MAPPING = MappingConfig(item="{task}", messages="{chat}")


@pytest.mark.parametrize(
    ("document", "hint"),
    [
        ({"n": 1, "data": RECORDS}, "; if its records lie within it: source.records=data"),
        (
            {"result": {"items": RECORDS}},
            "; if its records lie within it: source.records=result.items",
        ),
        ({"a": RECORDS, "b": RECORDS}, ""),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, ""),
        ({"message": {"content": [{"type": "text", "text": "words"}]}}, ""),
        ({"messages": [{"role": "user", "content": "u"}]}, ""),
        ({"tags": ["a"]}, ""),
    ],
)
def test_a_misfit_names_the_one_list_that_may_hold_the_records(tmp_path, document, hint):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    config = SourceConfig(name="bench", mapping=MAPPING)
    [said] = trajectories.read(path, config)
    assert said.detail == f"no item at {{task}}{hint}"
    if "data" in document:
        [first, *_] = trajectories.read(path, replace(config, records="data"))
        assert "source.records" not in getattr(first, "detail", "")
