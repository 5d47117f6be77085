"""Our own lines, of every format that has answers, can be taken in again."""

import json
from dataclasses import replace

import pytest

from harness_forge.collect.sources import datasets
from harness_forge.collect.sources.records import LeftOut
from harness_forge.config.compose.engine import compose
from harness_forge.config.format import ROWS
from harness_forge.core.examples import (
    Example,
    LabelledExample,
    PreferencePair,
    PromptExample,
    RowSource,
)
from harness_forge.datasets.formats.lines import FORMATS

ORIGIN = RowSource("s.turns:1", "r1", "plums", "jars", "train", "gold", "ours", "openscap")
TOOLS = [{"type": "function", "function": {"name": "open_jar"}}]
ASKED = [{"role": "system", "content": "You keep jars."}, {"role": "user", "content": "which?"}]
GOOD, BAD = ({"role": "assistant", "content": text} for text in ("plum", "pear"))


@pytest.fixture(scope="module")
def config():
    return compose(None, ["source=dataset", "skill=recorded", "skill.name=again"]).source


@pytest.fixture
def read(tmp_path, config):
    def ask(*lines, **changes):
        path = tmp_path / "train.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return list(datasets.read(path, replace(config, **changes)))

    return ask


def example(kind, tools):
    match kind:
        case "dpo":
            return PreferencePair("1", ASKED, tools, GOOD, BAD, ORIGIN, ORIGIN)
        case "kto":
            return LabelledExample("1", ASKED, tools, BAD, False, ORIGIN)
    return Example("1", ASKED, tools, GOOD, ORIGIN)


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"grpo"}))
def test_a_line_of_ours_comes_in_with_its_verdict(read, name):
    tools = [] if name == "alpaca" else TOOLS
    found = read(FORMATS[name](example(ROWS[name], tools)))
    told = [(one.attempt.turns[0].response["content"], one.attempt.outcome.passed) for one in found]
    good, bad = ("plum", True), ("pear", False)
    assert told == {"dpo": [good, bad], "kto": [bad]}.get(name, [good])
    turn = found[0].attempt.turns[0]
    assert (found[0].item.item_id, found[0].item.family, list(turn.tools)) == (
        "plums",
        "jars",
        tools,
    )
    assert turn.messages[-1]["content"].endswith("which?")


def test_a_line_without_an_answer_is_left_out_by_name(read):
    [found] = read(FORMATS["grpo"](PromptExample("1", ASKED, TOOLS, "{}", ORIGIN)))
    assert isinstance(found, LeftOut)
    assert found.detail.startswith("the line is of no known format, or has no answer: id, prompt")


def test_texts_of_others_are_questions_and_answers(read):
    [found] = read({"instruction": "add", "input": "1 and 2", "output": "3"})
    turn = found.attempt.turns[0]
    assert turn.messages == [{"role": "user", "content": "add\n\n1 and 2"}]
    assert (turn.response["content"], found.item.item_id) == ("3", "1")


@pytest.mark.parametrize(
    ("said", "passed"),
    [
        ({}, True),
        ({"reward": 0}, False),
        ({"reward": 1}, True),
        ({"label": False}, False),
        ({"kto_tag": False}, False),
        ({"passed": False}, False),
        ({"resolved": 0, "correct": "B"}, False),
        ({"is_correct": "true"}, True),
        ({"correct": "no"}, True),
        ({"outcome": 0}, False),
        ({"success": "no", "score": 0}, False),
        ({"passed": "failed"}, False),
        ({"resolved": "unresolved"}, False),
        ({"is_correct": "0"}, False),
        ({"verdict": "fail"}, False),
        ({"status": "failed"}, False),
        ({"status": "archived"}, True),
        ({"passed": 0.25}, False),
        ({"score": 0}, False),
        ({"score": 4.5}, True),  # of quality: docs/sources.md
        ({"reward": None}, None),
        ({"success": None}, None),
        ({"success": None, "reward": 0}, False),
    ],
    ids=str,
)
def test_a_reward_in_a_line_is_its_outcome(read, said, passed):
    asked, answered = ({"from": "human", "value": "which?"}, {"from": "gpt", "value": "plum"})
    [found] = read({"id": "s0", "conversations": [asked, answered], **said})
    judged = found.attempt.outcome
    assert (None if judged.infrastructure else judged.passed) is passed


@pytest.mark.parametrize("said", [{"outcome": 0}, {"passed": False}, {"label": False}], ids=str)
@pytest.mark.parametrize("answer", ["completion", "output"])
def test_a_verdict_in_a_line_of_texts_is_its_outcome(read, said, answer):
    [found] = read({"prompt": "q", "instruction": "q", answer: "a", **said})
    assert found.attempt.outcome.passed is False


USER = {"role": "user", "content": "which?"}


@pytest.mark.parametrize(
    "line",
    [
        {"messages": [USER, GOOD]},
        {"messages": [ASKED[0], USER, GOOD]},
        {"conversations": [{"from": "human", "value": "which?"}, {"from": "gpt", "value": "plum"}]},
        {"prompt": "which?", "completion": "plum"},
        {"instruction": "which?", "output": "plum"},
    ],
)
def test_the_system_of_a_line_is_shown_once(read, line):
    [found] = read({**line, "system": "You keep jars."})
    turn = found.attempt.turns[0]
    assert ([*turn.messages], turn.response["content"]) == (ASKED, "plum")


PAIRS = {
    "UltraFeedback": {"prompt": "which?", "chosen": [USER, GOOD], "rejected": [USER, BAD],
                      "messages": [USER, GOOD]},
    "TRL, without a prompt": {"chosen": [USER, GOOD], "rejected": [USER, BAD]},
    "TRL": {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]},
    "the chosen under messages": {"messages": [USER, GOOD], "chosen": [USER, GOOD],
                                  "rejected": [USER, BAD]},
    "texts": {"question": "which?", "chosen": "plum", "rejected": "pear"},
    "LLaMA-Factory's Alpaca": {"instruction": "which?", "input": "", "chosen": "plum",
                               "rejected": "pear"},
    "LLaMA-Factory's ShareGPT": {"conversations": [{"from": "human", "value": "which?"}],
                                 "chosen": {"from": "gpt", "value": "plum"},
                                 "rejected": {"from": "gpt", "value": "pear"}},
}  # fmt: skip


@pytest.mark.parametrize("line", PAIRS.values(), ids=PAIRS)
def test_pairs_of_others_are_two_answers_to_one_question(read, line):
    told = [
        ([*turn.messages], turn.response["content"], one.attempt.outcome.passed)
        for one in read(line)
        for turn in one.attempt.turns
    ]
    assert told == [([USER], "plum", True), ([USER], "pear", False)]


EARLIER = [USER, BAD, {"role": "user", "content": "No, look again."}]


@pytest.mark.parametrize(
    "line",
    [
        {"prompt": EARLIER, "completion": [GOOD]},
        {"prompt": EARLIER, "chosen": [GOOD], "rejected": [BAD]},
        {"messages": EARLIER, "chosen": [GOOD], "rejected": [BAD]},
        {"chosen": [*EARLIER, GOOD], "rejected": [*EARLIER, BAD]},
        {"prompt": EARLIER, "chosen": [*EARLIER, GOOD], "rejected": [*EARLIER, BAD]},
        {"messages": EARLIER, "completion": "plum"},
        {
            "instruction": "No, look again.",
            "output": "plum",
            "history": [["which?", BAD["content"]]],
        },
    ],
)
def test_answers_within_a_prompt_are_no_answers_of_the_line(read, line):
    for one in read(line):
        [turn] = one.attempt.turns
        assert [*turn.messages] == EARLIER
        assert (turn.response["content"] == "plum") is one.attempt.outcome.passed


def test_a_prompt_that_says_what_an_answer_says_is_a_prompt(read):
    yes = {"role": "assistant", "content": "yes"}
    [found] = read({"prompt": "yes", "completion": [yes, USER, GOOD]})
    assert found.attempt.turns[0].messages == [{"role": "user", "content": "yes"}]


def test_a_line_in_which_nobody_answers_is_counted(read):
    [left] = read({"messages": [USER], "reward": 1})
    assert left.reason == "no_answer"


def test_earlier_turns_of_an_instruction_are_shown(read):
    asked = {"instruction": "and now?", "output": "pear", "history": [["which?", "plum"]]}
    *_, last = read(asked)[0].attempt.turns
    assert [one["content"] for one in last.messages] == ["which?", "plum", "and now?"]
    [found] = read(asked | {"history": ["which?"]})
    assert found.detail == "its history is no list of pairs of question and answer"
