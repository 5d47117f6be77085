from dataclasses import replace

import pytest

from harness_forge.config.prompt import PromptConfig, PromptContext
from harness_forge.core.errors import RunError
from harness_forge.core.records import Tip, ToolCall, WorkItem
from harness_forge.rollouts.policies import prompts
from harness_forge.rollouts.policies.worked_examples import WorkedExample

ITEM = WorkItem(
    "sshd_made_up", "A made-up title", "high", "sshd", "sshd_made_up", facts={"fix": "x"}
)


def test_worker_sees_only_the_fixed_sections():
    system, user = prompts.worker_messages(ITEM, "Example Linux 1")
    assert "Example Linux 1" in system["content"]
    assert user["content"] == "Rule: sshd_made_up\nTitle: A made-up title\nSeverity: high"


def test_tips_add_one_section():
    user = prompts.worker_messages(ITEM, "X", [Tip("Use a drop-in.", "strategy")])[1]
    assert user["content"].endswith("Tips:\n- Use a drop-in.")


def test_rendered_prompt_holds_both_messages():
    text = prompts.rendered(prompts.worker_messages(ITEM, "X"))
    assert text.startswith("You are the worker")
    assert "A made-up title" in text


DESCRIBED = PromptConfig(PromptContext.description)
SAID = replace(ITEM, facts={"description": "Lines a\nand b.", "question": "Is it?", "fix": "x"})


def test_a_described_item_shows_what_is_wanted_and_how_it_is_checked_but_no_fix():
    user = prompts.worker_messages(SAID, "X", prompt=DESCRIBED)[1]["content"]
    assert user.endswith("Severity: high\nDescription:\nLines a\nand b.\nCheck:\nIs it?")
    assert "x" not in user.splitlines()


def test_examples_are_described_as_the_question_is():
    answer = {"role": "assistant", "content": "y"}
    worked = WorkedExample(SAID, ToolCall("apply_fix", {}), answer, "s")
    shown = prompts.worker_messages(SAID, "X", examples=[worked], prompt=DESCRIBED)
    assert shown[1] == shown[3]


def test_a_section_without_words_is_left_out():
    silent = replace(ITEM, facts={"description": "Only this.", "question": ""})
    user = prompts.worker_messages(silent, "X", prompt=DESCRIBED)[1]["content"]
    assert user.endswith("Description:\nOnly this.")


def test_a_long_description_is_cut_at_a_line_and_its_check_first():
    line = "word " * 20
    long = replace(ITEM, facts={"description": f"{line}\n" * 9, "question": f"{line}\n" * 9})
    user = prompts.worker_messages(long, "X", prompt=DESCRIBED)[1]["content"]
    described, checked = user.split("Description:\n")[1].split("\nCheck:\n")
    assert len(described) + len(checked) <= prompts.LONGEST
    assert set((described + "\n" + checked).split("\n")) <= {line, ""}


def test_an_item_of_a_store_without_descriptions_is_one_error():
    with pytest.raises(RunError) as error:
        prompts.worker_messages(ITEM, "X", prompt=DESCRIBED)
    assert str(error.value) == (
        "item sshd_made_up: the store has no description of it, which"
        " prompt.context=description shows\n"
        "  hint: survey the items again: `forge run policy=gold`; or leave the context away"
    )


def test_one_long_line_is_cut_between_words():
    assert prompts.cut("one two three", 9) == "one two"
    assert prompts.cut("one\ntwo three", 9) == "one"
    assert prompts.cut("one two", 0) == ""
