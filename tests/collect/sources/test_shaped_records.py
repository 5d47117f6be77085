"""Lines put together, lists taken apart, tables of words, outcomes in a second file."""

import json
from dataclasses import replace

import pytest

from harness_forge.collect.sources import trajectories
from harness_forge.collect.sources.records import LeftOut
from harness_forge.config.source import MappingConfig, OutcomesFileConfig, SourceConfig
from harness_forge.core.errors import ConfigError, SourceError

MAPPING = MappingConfig(item="{task}", messages="{chat}", outcome="{reward}")
CONFIG = SourceConfig(name="bench", mapping=MAPPING)
ASKED, SAID = {"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}


def written(tmp_path, *records, name="a.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def read(path, mapping=MAPPING, **settings):
    return list(trajectories.read(path, replace(CONFIG, mapping=mapping, **settings)))


def line(session, role, said):
    return {"session": session, "who": role, "text": said}


LINES = MappingConfig(
    item="{@group}",
    messages="{lines}",
    message_keys={"text": "content", "who": "role"},
    roles={"person": "user", "machine": "assistant"},
)


def test_lines_between_each_other_become_one_conversation_each(tmp_path):
    path = written(
        tmp_path,
        line("s1", "person", "where?"),
        line("s2", "person", "when?"),
        line("s1", "machine", "here"),
        line("s2", "machine", "now"),
    )
    found = read(path, LINES, group="{session}")
    assert [one.item.item_id for one in found] == ["s1", "s2"]
    assert [one.attempt.turns[0].response["content"] for one in found] == ["here", "now"]
    assert found[0].attempt.turns[0].messages[0]["content"] == "where?"


FRAMED = MappingConfig(item="{@group}", messages="{lines}", outcome="{lines.-1.verdict}")
HEADER, VERDICT = {"model": "m-7b", "started": 5}, {"type": "result", "verdict": "pass"}


def framed(tmp_path, *lines, mapping=FRAMED):
    path = written(tmp_path, *({"session": "s1", **one} for one in lines))
    return read(path, mapping, group="{session}")


def test_lines_around_the_messages_of_a_group_are_none_of_them_and_are_told(tmp_path):
    found, told = framed(tmp_path, HEADER, ASKED, SAID, VERDICT)
    [turn] = found.attempt.turns
    assert [one["content"] for one in (*turn.messages, turn.response)] == ["u", "a"]
    assert found.attempt.outcome.passed
    assert told.said.startswith("2 lines at an end of a group are taken for no message, such as {")


def test_a_line_between_messages_that_is_none_may_be_a_call_and_is_refused(tmp_path):
    event = {"event": "tool_start", "tool": "sh"}
    for lines in ([ASKED, event, SAID, VERDICT], [ASKED, SAID, event]):
        [lost] = [one for one in framed(tmp_path, *lines) if isinstance(one, LeftOut)]
        assert lost.reason == "misfit"
        assert lost.detail.endswith(
            "is a dict without a role; if such lines are no messages:"
            " source.mapping.roles.none=skip"
        )


def test_lines_that_the_mapping_says_are_no_messages_are_passed_over(tmp_path):
    events = [{"event": "tool_start"}, {"role": "usage", "content": "12 tokens"}]
    skipped = replace(FRAMED, roles={"none": "skip", "usage": "skip"})
    [found] = framed(tmp_path, ASKED, *events, SAID, VERDICT, mapping=skipped)
    [turn] = found.attempt.turns
    assert [one["content"] for one in (*turn.messages, turn.response)] == ["u", "a"]
    assert found.attempt.outcome.passed


def test_the_last_line_is_a_message_where_nothing_else_is_taken_from_it(tmp_path):
    [lost] = framed(tmp_path, ASKED, SAID, VERDICT, mapping=replace(FRAMED, outcome=""))
    assert "message 2 is a dict without a role" in lost.detail


def test_a_whole_file_may_be_one_conversation(tmp_path):
    path = written(tmp_path, ASKED, SAID, ASKED, SAID, name="chat-7.jsonl")
    [found] = read(path, MappingConfig(item="{@stem}", messages="{lines}"), group="{@stem}")
    assert (found.item.item_id, len(found.attempt.turns)) == ("chat-7", 2)


def test_a_line_of_no_group_is_told_and_the_others_are_read(tmp_path):
    path = written(tmp_path, {"task": "t"}, line("s1", "person", "?"), line("s1", "machine", "!"))
    lost, found = read(path, LINES, group="{session}")
    assert isinstance(lost, LeftOut)
    assert (lost.place, lost.detail) == (1, "no group at {session}")
    assert found.item.item_id == "s1"


def test_each_element_of_a_list_is_a_record_beside_what_the_outer_one_has(tmp_path):
    tries = [{"chat": [ASKED, SAID], "reward": 1}, {"chat": [ASKED, SAID], "reward": 0}]
    path = written(tmp_path, {"task": "t1", "reward": 7, "deep": {"tries": tries}})
    found = read(path, replace(MAPPING, attempt="{@index}"), explode="deep.tries")
    assert [(one.item.item_id, one.attempt.attempt_num) for one in found] == [("t1", 1), ("t1", 2)]
    assert [one.attempt.outcome.passed for one in found] == [True, False]


def test_an_object_is_taken_apart_by_its_keys(tmp_path):
    path = written(tmp_path, {"by_task": {"t1": {"chat": [ASKED, SAID], "reward": 1}}})
    [found] = read(path, replace(MAPPING, item="{@key}"), explode="by_task")
    assert found.item.item_id == "t1"


@pytest.mark.parametrize(
    ("record", "reason", "detail"),
    [
        ({"task": "t"}, "misfit", "no list at tries, which source.explode names"),
        ({"tries": []}, "no_records", "tries is empty"),
        ({"tries": [3]}, "misfit", "element 1 of tries is a int, not an object"),
    ],
)
def test_what_cannot_be_taken_apart_is_told(tmp_path, record, reason, detail):
    [lost] = read(written(tmp_path, record), explode="tries")
    assert (lost.reason, lost.detail) == (reason, detail)


def test_outcomes_are_worth_what_the_table_says(tmp_path):
    records = [{"task": word, "chat": [ASKED, SAID], "reward": word} for word in ("DONE", "half")]
    mapping = replace(MAPPING, outcomes={"DONE": 1.0, "half": 0.5})
    found = read(written(tmp_path, *records), mapping)
    assert [one.attempt.outcome.value for one in found] == [1.0, 0.5]
    assert [one.attempt.outcome.passed for one in found] == [True, False]


def test_a_text_on_the_way_that_is_json_is_read(tmp_path):
    record = {"task": "t", "facts": {"llm.in": json.dumps({"chat": [ASKED, SAID]})}}
    [found] = read(
        written(tmp_path, record), replace(MAPPING, messages="{facts.'llm.in'.chat}", outcome="")
    )
    assert found.attempt.turns[0].messages == [ASKED]


@pytest.mark.parametrize(
    ("settings", "content"),
    [
        (
            {"item": "{id}", "outcome": "{resolved}"},
            [{"id": "t1", "resolved": True}, {"id": "t2", "resolved": False}],
        ),
        ({"outcome": "{resolved}"}, [{"t1": {"resolved": True}, "t2": {"resolved": False}}]),
        ({"outcome": "{resolved_ids}"}, [{"resolved_ids": ["t1"], "unresolved_ids": ["t2"]}]),
    ],
)
def test_outcomes_come_from_a_second_file_by_item(tmp_path, settings, content):
    written(tmp_path, *content, name="report.json")
    path = written(tmp_path, *({"task": name, "chat": [ASKED, SAID]} for name in ("t1", "t2")))
    judged = OutcomesFileConfig("report.json", **settings)
    assert [one.attempt.outcome.passed for one in read(path, outcomes=judged)] == [True, False]


def test_an_item_that_the_second_file_does_not_know_has_no_verdict(tmp_path):
    written(tmp_path, {"id": "t9", "resolved": True}, name="report.json")
    path = written(tmp_path, {"task": "t1", "chat": [ASKED, SAID], "reward": 1})
    [found] = read(path, outcomes=OutcomesFileConfig("report.json", "{id}", "{resolved}"))
    assert found.attempt.outcome.infrastructure


def test_an_item_of_two_outcomes_loses_its_verdict_alone(tmp_path):
    said = [("t1", True), ("t2", True), ("t1", False)]
    report = [{"id": item, "resolved": passed} for item, passed in said]
    written(tmp_path, *report, name="report.json")
    path = written(tmp_path, *({"task": item, "chat": [ASKED, SAID]} for item in ("t1", "t2")))
    told, first, second = read(
        path, outcomes=OutcomesFileConfig("report.json", "{id}", "{resolved}")
    )
    assert (told.reason, told.detail) == (
        "contradictory_outcomes",
        "report.json says True and False of t1",
    )
    assert (first.attempt.outcome.infrastructure, second.attempt.outcome.passed) == (True, True)


def test_outcomes_of_one_item_that_say_the_same_are_no_contradiction(tmp_path):
    said = [("t1", 1), ("t1", "yes"), ("t1", True), ("t2", "0%"), ("t2", "failed"), ("t2", 0)]
    report = [{"id": item, "resolved": passed} for item, passed in said]
    written(tmp_path, *report, name="report.json")
    path = written(tmp_path, *({"task": item, "chat": [ASKED, SAID]} for item in ("t1", "t2")))
    found = read(path, outcomes=OutcomesFileConfig("report.json", "{id}", "{resolved}"))
    assert [one.attempt.outcome.passed for one in found if hasattr(one, "attempt")] == [True, False]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "source.outcomes.file=r.json: no such file, nor beside the records"),
        ([{"id": "t1"}], "r.json: holds no outcome at {resolved}"),
    ],
)
def test_a_second_file_that_does_not_help_is_refused(tmp_path, content, said):
    path = written(tmp_path, {"task": "t1", "chat": [ASKED, SAID]})
    if content is not None:
        written(tmp_path, *content, name="r.json")
    with pytest.raises(SourceError) as caught:
        read(path, outcomes=OutcomesFileConfig("r.json", "{id}", "{resolved}"))
    assert said in str(caught.value)


def test_a_list_of_passes_without_any_fails_every_item(tmp_path):
    written(tmp_path, {"resolved_ids": []}, name="report.json")
    path = written(tmp_path, {"task": "t1", "chat": [ASKED, SAID]})
    [found] = read(path, outcomes=OutcomesFileConfig("report.json", "", "{resolved_ids}"))
    assert (found.attempt.outcome.passed, found.attempt.outcome.infrastructure) == (False, False)


@pytest.mark.parametrize("name", ["", " ", "\t\u2003\n", None])
def test_a_name_of_blanks_names_no_item(tmp_path, name):
    [found] = read(written(tmp_path, {"task": name, "chat": [ASKED, SAID], "reward": 1}))
    assert (found.reason, found.detail) == ("misfit", "no item at {task}")


def test_a_second_file_needs_to_be_told_where_its_outcomes_are(tmp_path):
    path = written(tmp_path, {"task": "t1", "chat": [ASKED, SAID]})
    with pytest.raises(ConfigError, match="must be set"):
        read(path, outcomes=OutcomesFileConfig("r.json"))
