"""Recorded items have no checks to tell them apart: those that ask nearly the same are a group."""

from __future__ import annotations

import pytest

from harness_forge.config.split import SplitConfig
from harness_forge.core.records import Attempt, Origin, Outcome, Split, Turn, WorkItem
from harness_forge.store.splits import recorded

TASK = (
    "Book a table for {} at the harbour, outside if the weather is fine, before eight. Ask whether "
    "dogs are allowed, what the fish of the day costs and where one may park. Should the place be "
    "full, try the one on the pier and then the old mill, in this order, and take what they have "
    "between seven and nine. Do not leave a card number with anybody; if they insist, say no."
)


@pytest.fixture
def skill(store):
    store.upgrade("desk")
    return store.skill("desk")


def record(skill, name, asked, passed=True, agent="worker", before=()):
    """Write one recorded attempt at an item that nobody surveyed."""
    handle = skill.open_run(
        policy="model:x",
        purpose="collect",
        config={"name": name},
        evaluator="e",
        evaluator_version="1",
        content_digest="",
    )
    item = WorkItem(name, name, "", "desk", name)
    skill.upsert_items([item])
    system = {"role": "system", "content": "Be kind."}
    messages = [system, *before, {"role": "user", "content": asked}]
    turn = Turn(agent, messages, [], {"role": "assistant", "content": "Done."}, "x")
    outcome = Outcome(passed, float(passed), 1.0, None, "", "e", "1")
    skill.record(handle.run_id, item, Attempt(name, 1, Origin.MODEL, "", None, outcome, [turn]))
    skill.finish_run(handle.run_id, {}, "complete")


def group(skill, name):
    return next(item.group_key for item in skill.items() if item.item_id == name)


def usable(skill, name):
    """Return the splits that the item's rows have, of every run and now."""
    with skill._transaction() as connection:
        found = connection.execute(
            "SELECT DISTINCT s.split FROM (SELECT item_id, group_key FROM items UNION "
            "SELECT item_id, group_key FROM work_items) p LEFT JOIN splits s USING (group_key) "
            "WHERE item_id = %s",
            [name],
        )
        return {split for (split,) in found}


def test_items_that_ask_nearly_the_same_get_one_split(skill):
    record(skill, "a", TASK.format("two"))
    record(skill, "b", TASK.format("three"))
    record(skill, "c", "Write a poem about a lighthouse keeper who never saw the sea by day.")
    recorded.assign_recorded(skill, SplitConfig())
    assert group(skill, "a") == group(skill, "b") != group(skill, "c")
    assert usable(skill, "a") == usable(skill, "b")
    assert None not in usable(skill, "c")


def test_an_item_that_comes_later_joins_those_it_is_near_to(skill):
    record(skill, "b", TASK.format("two"))
    recorded.assign_recorded(skill, SplitConfig())
    before = skill.splits()
    record(skill, "a", TASK.format("three"))
    recorded.assign_recorded(skill, SplitConfig())
    assert skill.splits() == before
    assert usable(skill, "a") == usable(skill, "b")


def test_an_item_between_two_sides_is_quarantined(skill):
    skill.assign_splits({"left": Split.TRAIN, "right": Split.HOLDOUT}, "s")
    record(
        skill,
        "left",
        TASK.format("two") + " The car is a green one with a dented door, so mind the gate.",
    )
    record(
        skill,
        "right",
        "Good day and thank you so much for the help of last week, dear desk. "
        + TASK.format("two"),
    )
    record(skill, "middle", TASK.format("two"))
    recorded.assign_recorded(skill, SplitConfig())
    near = {name: usable(skill, name) for name in ("left", "middle", "right")}
    assert near == {"left": {"train"}, "middle": {"quarantine"}, "right": {"holdout"}}
    recorded.assign_recorded(skill, SplitConfig())
    assert usable(skill, "left") == {"train"}


def test_doing_it_again_changes_nothing(skill):
    record(skill, "a", TASK.format("two"))
    record(skill, "b", TASK.format("three"))
    recorded.assign_recorded(skill, SplitConfig())
    before = skill.items(), skill.splits()
    assert recorded.assign_recorded(skill, SplitConfig()) == {}
    assert (skill.items(), skill.splits()) == before


@pytest.mark.parametrize("agent", ["agent", "assistant", "planner"])
def test_forty_near_identical_questions_are_one_group_whatever_the_agent_is_called(skill, agent):
    for number in range(40):
        record(skill, f"copy{number:02}", TASK.format(f"{number + 2}"), agent=agent)
    for number in range(20):
        words = " ".join(f"word{number}x{at}" for at in range(20))
        record(skill, f"own{number:02}", words, agent=agent)
    recorded.assign_recorded(skill, SplitConfig())
    groups = {item.item_id: item.group_key for item in skill.items()}
    assert {groups[f"copy{number:02}"] for number in range(40)} == {"copy00"}
    assert len(set(groups.values())) == 21


def test_forty_questions_that_are_all_there_is_are_one_group(skill):
    for number in range(40):
        record(skill, f"copy{number:02}", TASK.format(f"{number + 2}"), agent="agent")
    recorded.assign_recorded(skill, SplitConfig())
    assert {item.group_key for item in skill.items()} == {"copy00"}


def test_the_same_question_with_another_title_is_the_same_item(skill):
    for name in ("a", "b"):
        record(skill, name, TASK.format("two"), agent="agent")
    with skill._transaction() as connection:
        connection.execute("UPDATE work_items SET title = 'Title of ' || item_id")
    recorded.assign_recorded(skill, SplitConfig())
    assert group(skill, "a") == group(skill, "b")


def test_a_greeting_is_no_task_and_what_follows_it_is(skill):
    greeted = [{"role": "user", "content": "Hi!"}, {"role": "assistant", "content": "Yes?"}]
    record(skill, "a", TASK.format("two"), agent="agent", before=greeted)
    record(skill, "b", TASK.format("three"), agent="agent", before=greeted)
    record(skill, "c", "What do five kilos of red lentils cost at your shop by the bridge?",
           agent="agent", before=greeted)  # fmt: skip
    recorded.assign_recorded(skill, SplitConfig())
    assert group(skill, "a") == group(skill, "b") != group(skill, "c")


def test_groups_of_an_older_forge_are_mended_once_the_stricter_side_first(skill):
    for name in ("held", "train", "other"):
        words = (
            TASK.format("two") if name != "other" else "Name nine birds that sleep in the reeds."
        )
        record(skill, name, words, agent="agent")
    sides = {"held": Split.HOLDOUT, "train": Split.TRAIN, "other": Split.TRAIN}
    skill.assign_splits(sides, "s")
    assert recorded.refresh(skill, SplitConfig()) == 1
    assert usable(skill, "held") == {"holdout"}
    assert usable(skill, "train") == {"train", "quarantine"}
    assert usable(skill, "other") == {"train"}
    assert recorded.refresh(skill, SplitConfig()) == 0
