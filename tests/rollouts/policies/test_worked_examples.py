import pytest
from worked import script, worked

from harness_forge.core.records import WorkItem
from harness_forge.rollouts.policies import prompts
from harness_forge.rollouts.policies.worked_examples import digest, shown, spread

KNOWN = [
    worked(f"{family}{n}", family)
    for family, size in (("a", 4), ("b", 3), ("c", 1))
    for n in range(size)
]


def families(examples):
    return [example.item.family for example in examples]


def test_large_families_come_first_and_each_has_its_turn():
    assert families(spread(KNOWN, 1)) == ["a", "b", "c", "a", "b", "a", "b", "a"]


def test_the_seed_draws_within_a_family():
    first = {spread(KNOWN, seed)[0].item.item_id for seed in range(30)}
    assert first == {"a0", "a1", "a2", "a3"}


def test_the_order_does_not_hang_on_the_order_of_rows():
    assert spread(KNOWN, 7) == spread(KNOWN[::-1], 7)


def test_every_item_sees_the_same_unless_one_is_of_its_own_group():
    ordered = spread(KNOWN, 1)
    stranger = WorkItem("x", "t", "low", "a", "x")
    assert shown(ordered, stranger, 3) == ordered[:3]
    twin = WorkItem("x", "t", "low", "a", ordered[1].item.group_key)
    assert shown(ordered, twin, 3) == [ordered[0], *ordered[2:4]]


def test_another_answer_is_another_digest():
    assert digest(KNOWN) == digest(list(KNOWN)) != digest(KNOWN[1:])


def test_examples_are_earlier_turns_of_the_prompt():
    item = WorkItem("x", "Title of x", "high", "a", "x")
    messages = prompts.worker_messages(item, "Host", examples=KNOWN[:2])
    assert [m["role"] for m in messages] == [
        "system",
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]
    assert messages[1]["content"] == "Rule: a0\nTitle: Title of a0\nSeverity: low"
    assert script(messages[2]) == "fix a0"
    assert messages[-1] == prompts.worker_messages(item, "Host")[-1]


@pytest.mark.parametrize("part", ["Title of a1", 'apply_fix {"fix_script": "fix a0"}'])
def test_the_stored_prompt_shows_questions_and_calls(part):
    item = WorkItem("x", "Title of x", "high", "a", "x")
    text = prompts.rendered(prompts.worker_messages(item, "Host", examples=KNOWN[:2]))
    assert part in text
    assert "None" not in text
