"""Workers of other harnesses: several turns, their own names, several calls, no outcome."""

import json

import pytest
from foreign_files import KIT

SOURCE = (
    "source=trajectories",
    "skill=recorded",
    "skill.name=diner",
    "source.mapping.item='{job}'",
    "source.mapping.messages='{dialogue}'",
    "source.mapping.tools='{kit}'",
    "source.mapping.outcome='{score}'",
)
JOBS = 12
GUESTS = ("ash", "bay", "elm", "fig", "fir", "hop", "nut", "oak", "oat", "rye", "tea", "yew")


def call(name, arguments, number="c1"):
    function = {"name": name, "arguments": arguments}
    return {"id": number, "type": "function", "function": function}


def record(job, *answers, score=1):
    """A conversation in which each answer but the last, where it calls, gets its result."""
    asked = f"{GUESTS[job]} {job * 7919} would sit by the {GUESTS[-job - 1]} tree."
    said = [{"role": "system", "content": "You seat guests."}, {"role": "user", "content": asked}]
    for answer in answers:
        said.append({"role": "assistant", "content": None, **answer})
        if answer is not answers[-1]:
            said.append({"role": "tool", "tool_call_id": "c1", "content": f"done {job * 31}"})
    return {"job": f"{GUESTS[job]} {job}", "kit": KIT, "dialogue": said, "score": score}


LOOK = {"tool_calls": [call("look_up", '{"table":3}')]}
TAKE = {"tool_calls": [call("reserve", {"table": 4})]}
WORDS = {"content": "It is yours."}


@pytest.fixture
def exported(forge, tmp_path, lines_of):
    """Takes one situation in, a dozen times, and returns the ledger's words, turn by turn."""

    def ask(*answers, agent="worker", role="worker", words=(), **told):
        records = (record(job, *answers, **told) for job in range(JOBS))
        path = lines_of(tmp_path / "a.jsonl", records)
        code, said = forge("ingest", *SOURCE, f"source.mapping.agent='{agent}'", f"path={path}")
        assert code == 0, said
        code, said = forge(
            "export", f"role={role}", "skill=recorded", "skill.name=diner", "filters=none", *words
        )
        if code:
            return said
        ledger = tmp_path / f"diner_{role}_sft" / "ledger.jsonl"
        entries = [json.loads(line) for line in ledger.read_text().splitlines()]
        found = [one.get("reason", "kept") for one in entries]
        return {one for one in found if one != "held_out"}

    return ask


def test_the_last_call_of_a_worker_that_closes_with_words_is_its_answer(exported):
    assert exported(LOOK, TAKE, WORDS) == {"not_decisive", "kept"}


def test_a_call_that_a_server_left_in_the_text_is_one(exported):
    text = '<tool_call>\n{"name": "reserve", "arguments": {"table": 4}}\n</tool_call>'
    assert exported({"content": text}) == {"kept"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"tool_calls": LOOK["tool_calls"] + TAKE["tool_calls"]}, "several_calls"),
        ({"tool_calls": [call("reserve", '{"table": ')]}, "broken_arguments"),
        ({"tool_calls": [{"do": "reserve"}]}, "unknown_call_form"),
        (WORDS, "no_tool_call"),
    ],
)
def test_an_answer_that_is_no_single_call_is_told_by_what_it_is(exported, answer, reason):
    assert f"rejected: {reason} 9, held_out 3\n" in exported(answer)


def test_without_an_outcome_nobody_was_at_fault(exported):
    said = exported(TAKE, score=None)
    assert said.endswith(
        "rejected: no_verdict 12\n"
        "  hint: no outcome was recorded: source.mapping.outcome says where it is;"
        " export.require.no_verdict=null export.require.not_passed=null learns from all rows\n"
    )
    both = ("export.require.no_verdict=null", "export.require.not_passed=null")
    assert exported(TAKE, score=None, words=both) == {"kept"}


def test_agents_of_any_name_are_exported_as_the_hint_says(exported):
    said = exported(LOOK, WORDS, agent="Seater-2")
    assert said.endswith(
        "  hint: roles with turns here: Seater-2 (24);"
        " role=agent export.params.agent=Seater-2 exports those of an agent by its name\n"
    )
    words = ("export.params.agent=Seater-2",)
    assert exported(LOOK, WORDS, agent="Seater-2", role="agent", words=words) == {"kept"}
