"""Two processes that ask a model the same at once."""

import multiprocessing
import time
from pathlib import Path

from harness_forge.config.suite import SuiteConfig
from harness_forge.core.errors import EvalError
from harness_forge.evaluation.lmeval import asking
from harness_forge.evaluation.lmeval.answers import ScoredAnswer

ANSWER = ScoredAnswer("stig", "a1", "p", "text", "stop", {"valid_call": 1.0})
MODEL = asking.EvaluatedModel(
    Path("python"), {}, "v", Path("small"), "d", None, None, 1024, "float32", "cpu"
)


def stand_in(monkeypatch, folder):
    """Let lm-eval be a function that takes a while, and count how often it is started."""

    def ask(asked, draft, log, show):
        with (folder / "asked").open("a") as file:
            file.write("once\n")
        log.write_text("what it says")
        time.sleep(0.4)
        return draft

    monkeypatch.setattr(asking, "ask", ask)
    monkeypatch.setattr(asking.folder, "write", lambda task, *rest: task.mkdir())
    monkeypatch.setattr(asking, "read_samples", lambda out, scored: [ANSWER])


def told(folder, said):
    return asking.answers(
        MODEL, SuiteConfig(), [None], {}, folder / "kept", recorded=None, say=said.append,
        show=lambda done, total: None,
    )  # fmt: skip


def test_the_second_waits_and_reads_what_the_first_was_told(tmp_path, monkeypatch):
    stand_in(monkeypatch, tmp_path)
    first = multiprocessing.get_context("fork").Process(target=told, args=(tmp_path, []))
    first.start()
    while not (tmp_path / "asked").exists():
        time.sleep(0.01)
    said = []
    assert told(tmp_path, said) == [ANSWER]
    first.join()
    assert first.exitcode == 0
    assert (tmp_path / "asked").read_text() == "once\n"
    assert any("waiting" in one for one in said)


def test_one_that_fails_leaves_the_next_free(tmp_path, monkeypatch):
    stand_in(monkeypatch, tmp_path)
    monkeypatch.setattr(asking, "read_samples", lambda out, scored: [])
    for _ in range(2):
        said = []
        try:
            told(tmp_path, said)
        except EvalError as error:
            assert "answered 0 of 1" in str(error)
        assert not any("waiting" in one for one in said)
