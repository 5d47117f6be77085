"""Cycles as processes: stopped for work, gone on with, found again after a kill."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness_forge.collect.schedule import cycle, state, supervisor
from harness_forge.collect.schedule.decision import CycleResult
from harness_forge.config.schedule import IdleConfig, ScheduleConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.serving.state import process

TRAINING = """
import signal, sys, time
from pathlib import Path
steps = Path("steps")  # a checkpoint
done = int(steps.read_text()) if steps.exists() else 0
print("from step", done, flush=True)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: sys.exit(130))
while done < int(sys.argv[1]):
    time.sleep(0.05)
    done += 1
    draft = Path("steps.draft")
    draft.write_text(str(done))
    draft.replace(steps)  # whole or not at all, whenever it is stopped
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder whose cycle is a small training; looks follow each other quickly."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(supervisor, "POLL_S", 0.05)
    Path("training.py").write_text(TRAINING)
    return tmp_path


def config(steps=4, **settings):
    command = [sys.executable, "training.py", str(steps)]
    return ForgeConfig(schedule=ScheduleConfig(**{"every_hours": 12, **settings}, command=command))


def once(made):
    said = []
    code = supervisor.Supervisor(made, said.append, once=True).run()
    return code, [line.partition("UTC  ")[2] for line in said], state.read(state.place(made))


def waited(reached, seconds=60.0):
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until
        time.sleep(0.02)


def steps():
    text = Path("steps").read_text() if Path("steps").exists() else ""
    return int(text or 0)


def test_a_command_after_a_cycle_is_run_if_that_ended_well_and_decides_nothing(project):
    after = [sys.executable, "-c", "print('worse'); raise SystemExit(19)"]
    code, said, found = once(config(steps=1, after=after))
    assert code == 0
    assert found.cycle.result is CycleResult.done
    assert said[-1].startswith("cycle 1, after it: ")
    assert said[-1].endswith("ended with code 19: worse")
    assert Path(found.cycle.log).read_text().splitlines()[-1] == "worse"
    failed = replace(
        config(after=after).schedule, command=[sys.executable, "-c", "raise ValueError"]
    )
    code, said, _ = once(replace(config(), schedule=failed, forge_home="other"))
    assert code == 1
    assert not any("after it" in line for line in said)


def test_a_cycle_runs_to_its_end_and_the_next_waits(project):
    code, said, found = once(config())
    assert (code, steps(), found.cycle.result) == (0, 4, CycleResult.done)
    assert said[-1] == "cycle 1 done: ended: from step 0"
    code, said, _ = once(config())
    assert code == 0 and said[-1].startswith("window open: at any time; the last cycle began at ")


def test_a_terminal_that_was_closed_ends_no_cycle(project):
    def closed(text):
        raise BrokenPipeError

    assert supervisor.Supervisor(config(), closed, once=True).run() == 0
    assert steps() == 4


def test_a_cycle_that_fails_says_why(project):
    Path("training.py").write_text("print('forge: the disk is full'); raise SystemExit(9)")
    code, said, found = once(config())
    assert (code, found.cycle.result) == (1, CycleResult.failed)
    assert said[-1] == "cycle 1 failed: code 9: forge: the disk is full"


def test_a_request_stops_a_cycle_which_goes_on_later(project):
    spool = project / ".forge/proxy/30000/spool/1.spool"
    spool.parent.mkdir(parents=True)
    made = config(40, every_hours=0, idle=IdleConfig(0.01))

    def ask():
        waited(lambda: steps() > 2)
        spool.write_text("a request")

    state.write(state.place(made), state.ScheduleState(watched=datetime(2026, 1, 1, tzinfo=UTC)))
    thread = threading.Thread(target=ask)
    thread.start()
    code, said, found = once(made)
    thread.join()
    assert (code, found.cycle.result) == (0, CycleResult.stopped)
    assert said[-1].startswith("cycle 1 stopped: within ")
    reached = steps()
    assert 2 < reached < 40
    time.sleep(0.7)
    code, said, found = once(made)
    assert (found.cycle.result, found.cycle.starts, steps()) == (CycleResult.done, 2, 40)
    assert f"from step {reached}" in Path(found.cycle.log).read_text()


def started(made):
    words = [f"schedule.command=[{','.join(made.schedule.command)}]", "schedule=every12h"]
    command = [sys.executable, "-m", "harness_forge.cli", "schedule", "run", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_a_killed_supervisor_a_second_one_and_sigterm(project):
    made = config(2000)
    first = started(made)
    waited(lambda: steps() > 2)
    with pytest.raises(
        supervisor.SupervisorBusy, match=f"process {first.pid} on .* runs cycles here alr"
    ):
        once(made)
    first.kill()
    first.communicate()
    orphan = state.read(state.place(made))
    assert not orphan.alive and orphan.cycle.child.alive

    second = started(made)
    waited(lambda: any(project.glob(".forge/schedule/cycles/*-002.log")))
    log = next(project.glob(".forge/schedule/cycles/*-002.log"))
    waited(lambda: "from step" in log.read_text())
    second.send_signal(signal.SIGTERM)
    told, _ = second.communicate(timeout=20)
    assert "cycle 1 still runs though its supervisor ended: stopping it" in told
    assert second.returncode == 130
    found = state.read(state.place(made))
    assert (found.state, found.cycle.result) == ("ended", CycleResult.stopped)
    assert not orphan.cycle.child.alive and 0 < steps() < 2000


def test_what_ignores_signals_in_a_session_of_its_own_is_ended_too(project, monkeypatch):
    monkeypatch.setattr(
        cycle, "_SIGNALS", ((signal.SIGINT, 0.3), (signal.SIGTERM, 0.6), (signal.SIGKILL, 5.0))
    )
    deaf = (
        "import os, signal, subprocess, sys, time\n"
        "for n in (signal.SIGINT, signal.SIGTERM): signal.signal(n, signal.SIG_IGN)\n"
        "if len(sys.argv) == 1:\n"
        "    subprocess.Popen([sys.executable, __file__, 'x'], start_new_session=True)\n"
        "else: open('deaf', 'w').write(str(os.getpid()))\n"
        "time.sleep(60)\n"
    )
    Path("deaf.py").write_text(deaf)
    child = cycle.start([sys.executable, "deaf.py"], project / "out.log")
    waited(lambda: Path("deaf").exists() and Path("deaf").read_text())
    inner = process(int(Path("deaf").read_text()))
    assert inner.alive
    assert cycle.stop(process(child.pid), child.poll)
    assert not inner.alive


def test_a_cycle_hears_sigint_where_the_shell_ignores_it(project):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child = cycle.start([sys.executable, "training.py", "200"], project / "out.log")
    finally:
        signal.signal(signal.SIGINT, before)
    waited(lambda: steps() > 1)
    began = time.monotonic()
    assert cycle.stop(process(child.pid), child.poll)
    assert time.monotonic() - began < 5


DVC = """
stages:
  watermark:
    cmd: date +%N > mark
    always_changed: true
    outs: [mark]
  train_sft:
    cmd: python training.py 60
    deps: [mark]
    outs:
      - steps:
          persist: true
  report:
    cmd: cp steps page
    deps: [steps]
    outs: [page]
"""


def test_a_stopped_training_goes_on_with_the_rows_that_it_began_with(project):
    """`dvc repro` as a whole would look at new rows, and train anew."""
    Path("dvc.yaml").write_text(DVC)
    dvc = cycle.program(["dvc", "repro"])
    for words in (["git", "init", "-q"], [dvc[0], "init", "-q"]):
        subprocess.run(words, check=True, capture_output=True)
    child = cycle.start(["dvc", "repro"], project / "1.log")
    waited(lambda: steps() > 2)
    assert cycle.stop(process(child.pid), child.poll) and child.poll()
    mark, reached = Path("mark").read_text(), steps()
    begun = cycle.stages(project / "1.log")
    assert begun == ["watermark", "train_sft"] and reached < 60
    words = cycle.continued(["dvc", "repro"], begun[-1], same=True)
    assert cycle.start(words, project / "2.log").wait(60) == 0
    assert Path("mark").read_text() == mark
    assert cycle.stages(project / "2.log") == ["train_sft", "report"]
    assert f"from step {reached}" in Path("2.log").read_text()
    words = cycle.continued(["dvc", "repro"], "report", same=True)
    assert cycle.start(words, project / "3.log").wait(60) == 0
    said = cycle.outcome(cycle.stages(project / "3.log"), 0, project / "3.log", project)
    assert said == "nothing: every stage is up to date"


def test_a_changed_recipe_or_another_command_begins_anew():
    assert cycle.continued(["dvc", "repro"], "train_sft", same=False) == ["dvc", "repro"]
    assert cycle.continued(["make", "loop"], "train_sft", same=True) == ["make", "loop"]
    for stage in ("export", "pairs"):  # what lies behind one of them is not all that remains
        assert cycle.continued(["dvc", "repro"], stage, same=True) == ["dvc", "repro"]


@pytest.mark.parametrize("name", ["params.yaml", "conf/promote/strict.yaml", "recipes/mine.yaml"])
def test_what_says_what_a_cycle_does_is_its_recipes_and_choices_too(tmp_path, name):
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    before = cycle.inputs(tmp_path)
    file.write_text("a: 1\n")
    first = cycle.inputs(tmp_path)
    file.write_text("a: 2\n")
    assert len({before, first, cycle.inputs(tmp_path)}) == 3
    assert cycle.continued(["dvc", "repro"], "", same=True) == ["dvc", "repro"]


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("forge: a new store in /x/pg\nforge: http://h/v1: cannot be reached\n  hint: start it\n",
         "forge: http://h/v1: cannot be reached"),
        ("forge: data: is damaged\n  hint: x\nERROR: failed to reproduce 'a'\nERROR: b\n",
         "forge: data: is damaged"),
        ("one\nERROR: failed to reproduce 'a'\nERROR: later\n", "ERROR: failed to reproduce 'a'"),
        ("one\n\nlast\n\n", "last"),
    ],
)  # fmt: skip
def test_why_a_cycle_failed_is_its_fault_not_a_note_before_it(tmp_path, printed, said):
    (tmp_path / "log").write_text(printed)
    assert cycle.outcome([], 6, tmp_path / "log", tmp_path) == f"code 6: {said}"


def test_a_cycle_without_stages_came_to_its_decision(tmp_path):
    (tmp_path / "log").write_text(
        "promoted: a\nkernel: forge report\nrejected: lamp-2\n  why\nout\n"
    )
    assert cycle.outcome([], 0, tmp_path / "log", tmp_path) == "decision rejected: lamp-2"
    (tmp_path / "log").write_text("one\nout/report.html\n")
    assert cycle.outcome([], 0, tmp_path / "log", tmp_path) == "ended: out/report.html"


def test_what_a_cycle_came_to(project):
    def outcome(*began, code=0):
        return cycle.outcome(began, code, project / "none.log", project)

    assert outcome("watermark", "promote") == (
        "nothing new: no row was added or changed (watermark, promote ran)"
    )
    assert outcome("a", "b") == "2 stages ran: a, b"
    assert outcome("a", code=3) == "code 3 in stage a: it said nothing"
    for name, facts in {
        "data/dataset/manifest.json": {"examples": {"train": 1400, "validation": 41}},
        "outputs/promote.json": {
            "candidate": {"name": "lamp"}, "decision": "inconclusive", "why": "Too few items.",
        },
        "outputs/adapters/sft/lineage.json": {},
    }.items():  # fmt: skip
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(json.dumps(facts))
    assert outcome("export", "train_sft", "promote") == (
        "1,441 rows exported; adapter lamp; decision inconclusive: Too few items."
    )


def test_a_damaged_state_is_moved_aside(project):
    made = config()
    state.place(made).parent.mkdir(parents=True)
    state.place(made).write_text('{"state": "wai')
    _, said, found = once(made)
    assert "the state is not as forge writes it" in said[0]
    assert found.cycle.number == 1 and state.place(made).with_suffix(".damaged").exists()


def test_a_state_comes_back_as_it_was_written(project):
    made = config()
    _, _, found = once(made)
    changed = replace(found, marks={"stig": 7}, supervisor=process(os.getpid()))
    state.write(state.place(made), changed)
    assert state.read(state.place(made)) == changed and changed.alive


def test_a_clock_that_was_set_back_is_noticed(project):
    made, said = config(), []
    one = supervisor.Supervisor(made, said.append, once=True)
    one.run()
    future = replace(one._state.cycle, started=datetime(2099, 1, 1, tzinfo=UTC))
    state.write(state.place(made), replace(one._state, cycle=future))
    _, _, found = once(made)
    assert found.cycle.started < datetime.now(UTC)
