"""Progress in a log: whole lines, without the controls of a terminal."""

from __future__ import annotations

import io
import sys

from harness_forge.rollouts.runs.progress import Progress


def test_a_log_has_lines_and_no_carriage_returns(monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    progress = Progress("stig gold", 2)
    progress.advance()
    progress.advance()
    progress.close()
    lines = log.getvalue().splitlines()
    assert "\r" not in log.getvalue()
    assert lines[0].startswith("stig gold:   0%")
    assert lines[-1].startswith("stig gold: 100%")
