"""A kernel's schedule counts answers that wait for a score: its cycle scores them first."""

from datetime import UTC, datetime, timedelta

import pytest
from fake_judge import GOOD, FakeJudge

from harness_forge import Kernel
from harness_forge.cli import main
from harness_forge.collect.schedule.facts import Watch
from harness_forge.collect.schedule.state import ScheduleState


@pytest.fixture
def kernel(store, tmp_path):
    judge = FakeJudge(plan=[("", [dict.fromkeys(GOOD, 0.9)])])
    yield Kernel(
        ["recipe=kernel", f"store.url='{store.url}'", f"forge_home={tmp_path / 'home'}",
         f"judge.endpoint={judge.url}", "engine.workers=0"]
    )  # fmt: skip
    judge.close()


def give(kernel, first, last, wait=False):
    for n in range(first, last):
        kernel.process_turn(f"s{n}", 0, "m1", f"Rename x{n}.", f"Done {n}.", wait=wait)


def look(kernel, state=None):
    """Return how many answers are new since a state, and the state of a cycle that begins now."""
    watch = Watch(kernel.config, state or ScheduleState(), print)
    now = datetime.now(UTC)
    return watch.facts(now).scored, ScheduleState(marks=watch.marks, scored=watch.scored)


def test_answers_that_were_only_captured_count(kernel):
    give(kernel, 0, 5)
    assert look(kernel)[0] == 5


def test_an_answer_counts_once_whether_it_waits_or_is_scored(kernel):
    give(kernel, 0, 3)
    kernel.score_waiting()
    give(kernel, 3, 5)
    give(kernel, 5, 6, wait=True)  # scores those before it too
    give(kernel, 6, 8)
    assert look(kernel)[0] == 8


def test_what_a_cycle_scores_is_not_new_after_it(kernel):
    give(kernel, 0, 4)
    _, begun = look(kernel)
    kernel.score_waiting()
    assert look(kernel, begun)[0] == 0
    give(kernel, 4, 6)
    assert look(kernel, begun)[0] == 2


def test_a_line_that_is_no_turn_does_not_count(kernel):
    give(kernel, 0, 2)
    (file,) = (kernel._home / "kernel/kernel").glob("*.jsonl")
    with file.open("a") as lines:
        lines.write("no json\n")
    assert look(kernel)[0] == 2


def test_turns_of_days_before_wait_too(kernel):
    give(kernel, 0, 2)
    folder = kernel._home / "kernel/kernel"
    (file,) = folder.glob("*.jsonl")
    day = datetime.now(UTC) - timedelta(days=3)
    text = file.read_text().replace(f"{datetime.now(UTC):%Y-%m-%d}", f"{day:%Y-%m-%d}")
    file.rename(folder / f"{day:%Y-%m-%d}.jsonl").write_text(text)
    assert look(kernel)[0] == 2
    kernel.score_waiting()
    give(kernel, 2, 3)
    assert look(kernel)[0] == 3


def test_without_a_kernel_only_scores_count(kernel):
    give(kernel, 0, 3)
    off = Kernel(["skill=recorded", "skill.name=kernel", f"forge_home={kernel._home}",
                  "schedule=kernel", f"store.url='{kernel.config.store.url}'"])  # fmt: skip
    assert look(off)[0] == 0


def test_the_cycle_gets_the_words_that_the_schedule_was_given(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["recipe=kernel", f"forge_home={tmp_path / 'home'}", "judge.endpoint=http://here/v1"]
    seen = []

    class NoSupervisor:
        def __init__(self, config, say, *, once):
            seen.append(config.schedule)

        def run(self):
            return 0

    monkeypatch.setattr("harness_forge.collect.schedule.supervisor.Supervisor", NoSupervisor)
    assert main(["schedule", "run", "--once", *words, "schedule.after=[forge,health]"]) == 0
    assert main(["schedule", "run", "--once", *words[1:], "schedule=night"]) == 0
    typed = [*words, "schedule.after=[forge,health]"]
    assert seen[0].command == ["forge", "kernel", "cycle", *typed]
    assert seen[0].after == ["forge", "health", *typed]
    assert seen[1].command == ["dvc", "repro"]
