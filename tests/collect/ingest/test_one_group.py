"""Prompts of one template are one task: that is said, with what divides them."""

from __future__ import annotations

import json
import shlex
import time

import pytest

from harness_forge.cli import main
from harness_forge.store.splits import one_group

TEMPLATE = (
    "You take part in a quiz about rivers. Read the question with care, think about it for as long "
    "as you like, and answer with one name and nothing else. Which river runs through {}?"
)
ENDS = ("burg", "ford", "ham", "heim", "haven", "mouth", "stad", "ton", "wick", "by")
TOWNS = [f"{first}{last}" for first in ("Aal", "Bir", "Dun", "Els") for last in ENDS]
MAPPING = ("source=trajectories", "source.name=quiz", "source.mapping.messages={messages}",
           "source.mapping.item={town}", "source.mapping.outcome={reward}",
           "skill=recorded", "skill.name=quiz")  # fmt: skip


def written(path, prompts):
    lines = [
        {
            "town": f"t{place}",
            "reward": place % 2,
            "messages": [
                {"role": "user", "content": prompt},
                {"role": "assistant", "content": f"The {place}th."},
            ],
        }
        for place, prompt in enumerate(prompts)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def quiz(tmp_path):
    return written(tmp_path / "quiz.jsonl", map(TEMPLATE.format, TOWNS))


def test_a_file_of_one_template_is_said_to_be_one_task_with_the_command_that_divides_it(
    forge, quiz
):
    code, said = forge("ingest", f"path={quiz}", *MAPPING)
    assert code == 0
    [note] = [line for line in said.splitlines() if line.startswith("  note: all")]
    assert note.startswith(
        "  note: all 40 items count as one task and are all in train: their prompts differ in"
        " little, such as 'Aalburg' and 'Aalford'; if each is a task of its own: forge ingest "
    )
    _, *command = shlex.split(note.rpartition(": ")[2])
    assert command[-2:] == ["split.one_task_per_template=false", "source.again=true"]
    assert main(command) == 0


def test_what_was_divided_by_the_blank_stays_divided_when_the_setting_is_left_out(forge, quiz):
    said = forge("ingest", f"path={quiz}", *MAPPING, "split.one_task_per_template=false")[1]
    assert "splits of new groups: holdout 10, train 24, validation 6" in said
    assert "count as one task" not in said
    more = written(quiz.with_name("more.jsonl"), [TEMPLATE.format("Ulm")])
    said = forge("ingest", f"path={more}", *MAPPING)[1]
    assert "quarantine" not in said
    assert "count as one task" not in said


def test_a_store_without_splits_is_free_to_be_divided_otherwise(forge, quiz):
    forge("ingest", f"path={quiz}", *MAPPING, "split.one_task_per_template=false")
    said = forge("ingest", f"path={quiz}", *MAPPING, "source.again=true")[1]
    assert "all 40 items count as one task" in said


def test_an_export_says_it_too(forge, quiz):
    forge("ingest", f"path={quiz}", *MAPPING)
    code, said = forge("export", "skill=recorded", "skill.name=quiz", "role=agent", "--dry-run")
    assert code == 0
    assert "  note: skill quiz: all 40 items count as one task and are all in train" in said
    assert "forge ingest … split.one_task_per_template=false source.again=true" in said


def test_one_task_in_other_sessions_is_told_that_other_tasks_are_needed(forge, tmp_path):
    prompts = (f"Session 2026-11-{day:02d} 08:15. {TEMPLATE.format('Ulm')}" for day in range(1, 29))
    said = forge("ingest", f"path={written(tmp_path / 's.jsonl', prompts)}", *MAPPING)[1]
    assert "all 28 items count as one task" in said
    assert "what can be divided is records of several tasks" in said
    assert "one_task_per_template" not in said


def test_a_template_among_other_tasks_needs_no_word(forge, tmp_path):
    others = [" ".join(f"word{place}x{at}" for at in range(20)) for place in range(10)]
    prompts = [*map(TEMPLATE.format, TOWNS), *others]
    said = forge("ingest", f"path={written(tmp_path / 'm.jsonl', prompts)}", *MAPPING)[1]
    assert "count as one task" not in said


def test_a_few_items_are_not_spoken_of(forge, tmp_path):
    prompts = map(TEMPLATE.format, TOWNS[:9])
    said = forge("ingest", f"path={written(tmp_path / 'f.jsonl', prompts)}", *MAPPING)[1]
    assert "count as one task" not in said


def test_what_two_long_prompts_differ_in_is_found_without_comparing_all_of_them():
    words = [f"w{number % 30}" for number in range(60_000)]
    texts = [" ".join([*words[:50_000], name, *words[50_000:]]) for name in ("Angola", "Peru")]
    began = time.process_time()
    assert one_group._difference(texts) == ("Angola", "Peru")
    assert time.process_time() - began < 1
