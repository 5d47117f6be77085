"""Places that a mapping names and no record has are said, with the one that may be meant."""

import json

import pytest

from harness_forge.collect.ingest.dry_run import dry_run
from harness_forge.config.source import MappingConfig, SourceConfig

CHAT = [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]


@pytest.fixture
def said(tmp_path):
    def read(count=3, **mapping):
        path = tmp_path / "a.jsonl"
        lines = [
            {
                "task": f"t{n}",
                "chat": CHAT,
                "end": {"verdict": n > 0},
                "who": {"llm": "m"},
                "mark": None,
            }
            for n in range(count)
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        named = {"item": "{task}", "messages": "{chat}", **mapping}
        config = SourceConfig("mine", path=str(path), mapping=MappingConfig(**named))
        return dry_run(config, "recorded").report.files[0].unread

    return read


@pytest.mark.parametrize("place", ["{end.verdct}", "{ende.verdict}", "{end.verdct|result}"])
def test_an_outcome_that_no_record_has_is_said_with_the_field_that_may_be_meant(said, place):
    assert said(outcome=place) == [
        f"no record has what source.mapping.outcome={place!r} names, so none has a verdict:"
        " did you mean '{end.verdict}'?"
    ]


def test_where_no_field_is_near_those_that_are_there_are_named(said):
    [line] = said(outcome="{points}")
    assert line.endswith("there are task, chat, end, end.verdict, who, who.llm, mark")


def test_of_other_keys_only_what_looks_like_a_slip_is_said(said):
    assert said(tools="{tools}", model="{@model}", family="{kind|'other'}") == []
    [line] = said(model="{llm}", signals={"place": "{rack}"})
    assert "source.mapping.model='{llm}' names: did you mean '{who.llm}'?" in line


def test_an_outcome_that_is_null_in_all_records_is_said(said):
    assert said(outcome="{mark}") == [
        "source.mapping.outcome='{mark}' names a field that holds nothing in any record, so none"
        " has a verdict"
    ]


def test_of_a_single_record_nothing_is_said(said):
    assert said(count=1, outcome="{end.verdct}") == []


def test_an_outcome_that_some_record_has_needs_no_word(said):
    assert said(outcome="{end.verdict}") == []


def test_one_item_for_all_records_is_said(said):
    assert said(item="{chat.0.content}") == []
    assert said(count=5, item="{chat.0.content}") == [
        "all 5 records are tries at one item, 'u': if they are not, source.mapping.item must name"
        " a field that tells them apart"
    ]
