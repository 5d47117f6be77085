"""Programs that are started and waited for."""

import os
import subprocess
import sys

import pytest

from harness_forge.core.children import NoAnswer, answer_of, end_group


def answer(code, job=None):
    return answer_of([sys.executable, "-c", code], os.environ, job)


def test_the_last_line_is_the_answer():
    code = 'import json, sys; print("noise"); print(json.dumps([*json.load(sys.stdin), 2]))'
    assert answer(code, [1]) == [1, 2]


@pytest.mark.parametrize(
    ("code", "status", "last"),
    [
        ('raise SystemExit("no\\nroom" + "!" * 300)', 1, "room" + "!" * 196),
        ("print('no JSON')", 0, "no message"),
        ("import os; os.kill(os.getpid(), 9)", -9, "no message"),
    ],
)
def test_a_program_without_an_answer_says_how_it_ended(code, status, last):
    with pytest.raises(NoAnswer) as caught:
        answer(code)
    assert (caught.value.code, caught.value.last) == (status, last)


def test_a_program_that_does_not_end_is_killed():
    code = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True
    )
    with child:
        child.stdout.readline()
        end_group(child, 0.1)
        assert child.returncode == -9
        end_group(child)  # it is gone already
