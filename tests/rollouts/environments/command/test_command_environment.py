"""Items of our own in the real sandbox: what counts, what fails, whose fault it is."""

import pytest
from command_worlds import ROWS

from harness_forge.core.errors import SandboxError
from harness_forge.core.records import ToolCall

pytestmark = pytest.mark.sandbox

GOOD = "def f(n):\n    return n + 2\n"


def asked(world, code, item="add_2", **changes):
    return world(**changes).judge_call(item, ToolCall("write", {"code": code}))


def test_every_item_with_a_gold_answer_can_be_attempted(world):
    environment = world()
    items = environment.survey()
    assert [item.full_cycle for item in items] == [True] * 4
    assert environment.shortfall(items) == []
    assert {item.family for item in items} == {"add", "times"}
    assert items[0].facts["asked"] == {
        "system": "Solve the task. Answer with one call of write.",
        "question": "Write f(n), which returns n + 2.",
    }


def test_a_survey_is_kept_and_goes_on_where_it_stopped(world, home):
    first = world()
    first.trials(["add_2"])
    tried = []
    world().trials(progress=lambda *far: tried.append(far))
    assert tried == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_right_answer_passes(world):
    outcome = asked(world, GOOD)
    assert (outcome.passed, outcome.value, outcome.failure_mode) == (True, 1.0, None)


def test_a_wrong_answer_fails_with_what_the_judge_said(world):
    outcome = asked(world, "def f(n):\n    return n\n")
    assert (outcome.passed, outcome.failure_mode) == (False, "target_fails")
    assert outcome.summary == "AssertionError: wrong number"


@pytest.mark.parametrize(
    ("code", "mode"),
    [
        ("while True: pass\n", "timeout"),
        ("open('x', 'w').write('y' * 10)\n" + GOOD, None),  # by then the guard has looked
        ("import urllib.request as u\nu.urlopen('http://192.0.2.1')\n" + GOOD, "target_fails"),
        ("open('/etc/passwd', 'a').write('x')\nopen('/usr/x', 'w')\n" + GOOD, "target_fails"),
        ("", "target_fails"),
    ],
)
def test_what_an_answer_causes_is_a_failure(world, code, mode):
    from harness_forge.config.command import CommandLimits

    outcome = asked(world, code, limits=CommandLimits(wall_s=4, cpu_s=3))
    assert (outcome.failure_mode, outcome.infrastructure) == (mode, False)


def test_a_script_that_edits_the_tests_breaks_the_guard(world):
    outcome = asked(
        world, "echo > test_it.py", answer={"fix.sh": "{code}"}, apply="bash fix.sh", gold={}
    )
    assert outcome.failure_mode == "guard_broken"
    assert outcome.summary == "it passes, but broken: changed: test_it.py"


@pytest.mark.parametrize(
    "script", ["rm test_it.py", "rm -r ./test_it.py solution.py", "mv test_it.py /tmp"]
)
def test_a_script_that_deletes_what_was_laid_out_breaks_the_guard(world, script):
    outcome = asked(
        world, script, answer={"fix.sh": "{code}"}, apply="bash fix.sh", gold={}, judge="true"
    )
    assert (outcome.failure_mode, outcome.value) == ("guard_broken", 0.0)
    assert "changed: test_it.py" in outcome.summary


def test_what_may_change_may_be_deleted(world):
    settings = {"answer": {"fix.sh": "{code}"}, "apply": "bash fix.sh", "gold": {}, "judge": "true"}
    assert asked(world, "rm test_it.py", may_change=["test_*.py"], **settings).passed


def test_a_failure_that_broke_something_else_is_worth_nothing(world):
    line = '{"value": 0.9, "passed": false}'
    outcome = asked(world, GOOD, judge=f"echo '{line}'", guard="exit 3")
    assert (outcome.failure_mode, outcome.value) == ("target_fails", 0.0)


def test_without_a_known_answer_a_judge_of_lines_passes_nothing_by_its_exit_code(world):
    judge = """python3 - <<'END'
from pathlib import Path
text = Path('solution.py').read_text() if Path('solution.py').exists() else ''
if 'quiet' not in text:
    passed = 'n + 2' in text
    print('{"passed": %s}' % str(passed).lower())
    raise SystemExit(not passed)
END
"""
    environment = world(rows=ROWS[:1], judge=judge, gold={})
    for ask in (lambda: None, environment.survey):  # whether it was tried before or not
        ask()
        for code, passed in ((GOOD, True), ("n\n", False), ("n  # quiet\n", False)):
            outcome = environment.judge_call("add_2", ToolCall("write", {"code": code}))
            assert outcome.passed is passed
    assert outcome.failure_mode == "unjudgeable"


def test_files_that_may_change_are_no_damage(world):
    script = "echo 'def f(n): return n + 2' > solution.py"
    settings = {"answer": {"fix.sh": "{code}"}, "apply": "bash fix.sh", "gold": {}}
    assert asked(world, script, **settings).failure_mode == "guard_broken"
    assert asked(world, script, may_change=["solution.py"], **settings).passed


def test_a_guard_of_ones_own_is_asked(world):
    outcome = asked(world, GOOD, guard="! grep -q 'n + 2' solution.py || { echo no sums; exit 3; }")
    assert (outcome.failure_mode, outcome.value) == ("guard_broken", 0.0)
    assert outcome.summary == "it passes, but broken: guard: exits 3: no sums"


def test_one_line_of_json_says_value_confidence_and_reason(world):
    line = '{"value": 0.5, "passed": false, "confidence": 0.8, "reason": "two of four"}'
    outcome = asked(world, GOOD, judge=f"echo noise; echo '{line}'")
    assert (outcome.passed, outcome.value, outcome.confidence) == (False, 0.5, 0.8)
    assert outcome.summary == "two of four"


def test_a_judge_that_speaks_in_lines_passes_nothing_by_its_exit_code(world):
    judge = """python3 - <<'END'
from pathlib import Path
text = Path('solution.py').read_text() if Path('solution.py').exists() else ''
if 'quiet' not in text:
    print('{"value": %d}' % ('n + 2' in text))
    print('bye' * text.count('loud'))
END
"""
    environment = world(rows=ROWS[:1], judge=judge)
    for ask in (lambda: None, environment.survey):  # whether it was tried before or not
        ask()
        for code, value in ((GOOD, 1.0), ("n\n", 0.0), ("n  # quiet\n", 0.0), ("# loud\n", 0.0)):
            outcome = environment.judge_call("add_2", ToolCall("write", {"code": code}))
            assert (outcome.passed, outcome.value) == (value == 1, value)
            assert not outcome.infrastructure
    assert outcome.failure_mode == "unjudgeable"
    assert outcome.summary == (
        "the judge exits 0 and its last line, which says whether it passed, is not there"
    )


def test_an_answer_s_path_is_no_pattern(world):
    environment = world(
        rows=ROWS[:1],
        answer={"pages/[id].py": "{code}"},
        judge="cp pages/*.py solution.py && python3 test_it.py",
    )
    assert environment.survey()[0].full_cycle


def test_an_answer_in_the_place_of_a_program_can_be_run(world, tmp_path):
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "run.sh").write_text("#!/bin/sh\nexit 1\n")
    (folder / "run.sh").chmod(0o755)
    outcome = asked(
        world, "#!/bin/sh\nexit 0\n", answer={"run.sh": "{code}"}, judge="./run.sh", gold={},
        folder=str(folder),
    )  # fmt: skip
    assert outcome.passed, outcome.summary


@pytest.mark.parametrize(
    ("judge", "said"),
    [
        ("no_such_judge", "the judge is not found: no_such_judge: command not found"),
        ("sleep 30", "the judge was killed: limit on wall"),
        ("echo '{\"value\": 7}'", "the judge says value 7, which is not between 0 and 1"),
        ("echo '{\"value\": 1'", 'the judge\'s last line is no JSON: {"value": 1'),
        ("echo '{\"passed\": true}'; exit 1", "the judge says that it passed, and exits 1"),
    ],
)
def test_what_the_judge_causes_is_no_verdict(world, judge, said):
    from harness_forge.config.command import CommandLimits

    # A machine with other work takes a second for a judge that does nothing.
    limits = CommandLimits(wall_s=4) if judge.startswith("sleep") else CommandLimits()
    environment = world(judge=judge, limits=limits)
    outcome = environment.judge_call("add_2", ToolCall("write", {"code": GOOD}))
    assert outcome.infrastructure
    assert outcome.summary == f"no verdict, nor on the untouched item: {said}"
    items = environment.survey()
    assert not any(item.full_cycle for item in items)
    assert environment.shortfall(items) == [
        f"4 of 4 left out, add_2, add_3, times_2 …: no verdict untouched: {said}"
    ]


def test_a_setup_that_fails_is_no_verdict(world):
    outcome = asked(world, GOOD, setup="echo no disk; exit 2")
    assert outcome.infrastructure
    assert outcome.summary == (
        "no verdict, nor on the untouched item: setup failed: exits 2: no disk"
    )


def test_a_judge_that_differs_is_refused_with_both_verdicts(world):
    with pytest.raises(SandboxError) as error:
        # Even and odd process ids would do; the clock's nanoseconds differ for sure.
        world(judge='echo "{\\"value\\": 0.$(date +%N)}"').survey()
    assert "the judge differs on the same files: untouched: first 'fail (0." in str(error.value)
    assert "(and 3 items more)" in str(error.value)


def test_an_item_whose_gold_fails_is_named_and_left_out(world):
    rows = [{"id": "odd_1", "kind": "odd", "does": "n - 1", "given": 9, "wanted": 99}]
    environment = world(rows=[*rows, {**rows[0], "id": "even_1", "wanted": 8}])
    items = environment.survey()
    assert [item.full_cycle for item in items] == [False, True]
    assert environment.shortfall(items) == [
        "1 of 2 left out, odd_1: gold does not pass: fail, AssertionError: wrong number"
    ]


def test_a_judge_that_needs_the_network_passes_nothing_and_says_why(world):
    asks = "import socket\nsocket.create_connection(('192.0.2.1', 80), 2)\n"
    environment = world(rows=ROWS[:1], files={"test_it.py": asks})
    assert environment.shortfall(environment.survey()) == [
        "1 of 1 left out, add_2: gold does not pass: fail, "
        "OSError: [Errno 101] Network is unreachable"
    ]


def test_a_judge_that_writes_outside_leaves_nothing_behind(world, tmp_path):
    marks = f"touch /usr/mark {tmp_path}/mark /tmp/mark; python3 test_it.py"
    environment = world(rows=ROWS[:1], judge=f"test ! -e /tmp/mark && {{ {marks}; }}")
    assert environment.survey()[0].full_cycle  # each time in a root of its own
    assert not (tmp_path / "mark").exists()


def test_a_judge_that_passes_untouched_leaves_every_item_out(world):
    environment = world(judge="true")
    assert environment.shortfall(environment.survey()) == [
        "4 of 4 left out, add_2, add_3, times_2 …: passes untouched"
    ]


def test_gold_and_mutated_answers(world):
    environment = world()
    (gold,) = environment.gold("times_3")
    (broken,) = environment.mutated("times_3", limit=3)
    assert gold.arguments == {"code": "def f(n):\n    return n * 3  # as it was asked for\n"}
    assert broken.arguments == {"code": "def f(n):\n    return 1 + n * 3  # as it was asked for\n"}
    assert (broken.variant, broken.why) == ("one_more", "one more")
    assert not environment.judge_call("times_3", ToolCall("write", broken.arguments)).passed


def test_an_argument_that_is_left_out_is_empty_whatever_fields_the_item_has(world):
    environment = world([row | {"code": GOOD} for row in ROWS])
    assert environment.judge_call("add_2", ToolCall("write", {"code": GOOD})).passed
    assert not environment.judge_call("add_2", ToolCall("write", {})).passed


def test_items_of_one_form_are_one_cluster(world):
    clusters = {item.item_id: item.cluster for item in world().survey()}
    assert clusters["add_2"] == clusters["add_3"]


def test_long_answers_are_written_whole(world):
    code = GOOD + "# filler\n" * 30_000
    assert asked(world, code).passed


def test_another_judge_is_another_evaluator(world):
    one, other = world(), world(judge="python3 -B test_it.py")
    assert one.evaluator_version != other.evaluator_version
    assert one.content_digest == other.content_digest


def test_a_check_says_what_holds_and_names_what_does_not(world):
    from harness_forge.rollouts.environments.command.report import report

    rows = [{"id": "odd_1", "kind": "odd", "does": "n - 1", "given": 9, "wanted": 99}]
    environment = world(rows=[*rows, {**rows[0], "id": "even_1", "does": "9 - 1", "wanted": 8}])
    lines, whole = report(environment.trials(), gold=True)
    assert whole
    assert [line for line in lines if "an attempt takes" not in line] == [
        "ok  same       judged twice, every item got the same verdict",
        "ok  untouched  every item fails untouched",
        "ok  empty      every item fails with an empty answer",
        "ok  wiped      every item fails with everything deleted",
        "ok  others     1 of 2 items pass with another item's answer",
        "no  gold       an item passes with its gold answer: not so for 1 of 2 items, "
        "which are left out:\n      odd_1: fail, AssertionError: wrong number",
        "ok  items      1 of 2 can be attempted; 1 are left out",
    ]


@pytest.mark.parametrize("line", ['{"passed": true, "value": 0}', '{"passed": false, "value": 1}'])
def test_a_judge_that_contradicts_itself_gives_no_verdict(line):
    from harness_forge.rollouts.environments.command import verdict
    from harness_forge.rollouts.environments.sandbox.sandbox import ScriptResult

    with pytest.raises(verdict.NoVerdict, match="the judge says passed"):
        verdict.read(ScriptResult(0, None, 0.1, line, full=False))


def test_a_check_in_which_no_gold_answer_passes_asks_about_the_folder(world):
    from harness_forge.rollouts.environments.command.report import report

    rows = [{"id": "odd_1", "kind": "odd", "does": "n - 1", "given": 9, "wanted": 99}]
    lines, _ = report(world(rows=rows).trials(), gold=True)
    assert (
        "no  folder     does the judge pass the folder as it is? a test that fails there "
        in (lines[6])
    )


def test_a_judge_that_takes_any_answer_is_not_believed(world):
    from harness_forge.rollouts.environments.command.report import report

    lines, whole = report(world(judge="test -s solution.py").trials(), gold=True)
    assert not whole
    assert lines[4] == (
        "no  others     4 of 4 items pass with another item's answer: "
        "the judge looks at too little of an answer"
    )
