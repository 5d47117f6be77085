"""One line of progress, on a terminal and in a log."""

import io

import pytest

from harness_forge.cli import evaluate, line


class Terminal(io.StringIO):
    def isatty(self):
        return True


def told(monkeypatch, out):
    clock = iter(range(0, 4000, 80))
    monkeypatch.setattr(line.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr("sys.stdout", out)
    shown = line.StatusLine("eval")
    shown.step("92 packages")
    for done in (1, 2, 3, 3, 3, 3):
        shown.count(f"{done} of 4")
    shown.end("installed")
    return out.getvalue()


def test_a_log_gets_a_line_seldom_and_none_twice(monkeypatch):
    assert told(monkeypatch, io.StringIO()).splitlines() == [
        "eval: 92 packages",
        "eval: 92 packages: 2 of 4",
        "eval: 92 packages: 3 of 4",
        "eval: installed",
    ]


def test_a_terminal_has_one_line_that_is_rewritten(monkeypatch):
    text = told(monkeypatch, Terminal())
    assert text.count("\n") == 1
    assert text.endswith("\r\033[Keval: installed\n")
    assert "\r\033[Keval: 92 packages: 1 of 4" in text


@pytest.mark.parametrize("columns", ["20"])
def test_a_line_never_wraps(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    out = Terminal()
    monkeypatch.setattr("sys.stdout", out)
    line.StatusLine("eval").step("x" * 100)
    assert len(out.getvalue().removeprefix("\r\033[K")) == 19


def test_answers_of_each_model_are_told_with_the_time_that_they_took(monkeypatch, capsys):
    clock = iter(range(0, 10_000, 90))
    monkeypatch.setattr(line.time, "monotonic", lambda: next(clock))
    show = evaluate.telling()["show"]
    for label in ("base", "adapter"):
        for done in (2, 4, 6):
            show(label, done, 6)
    assert capsys.readouterr().out.splitlines() == [
        "evaluate: base: 2 of 6 answers",
        "evaluate: base: 6 of 6 answers in 6 min",
        "evaluate: adapter: 4 of 6 answers",
        "evaluate: adapter: 6 of 6 answers in 8 min",
    ]
