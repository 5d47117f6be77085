import json
from pathlib import Path

import pytest
from suite_documents import TASK, TOOL, call, load

scoring = load(TASK / "scoring.py")
PARSING = load(Path(__file__).parents[2] / "rollouts/policies/test_parsing.py")
METRICS = ["valid_call", "right_tool", "script_parses", "names_target"]


def scores(
    answer,
    targets=("/etc/key",),
    tools=(TOOL,),
    metrics=METRICS,
    references=(),
    argument="fix_script",
):
    doc = {
        "tools": json.dumps(list(tools)),
        "tool": "apply_fix",
        "argument": argument,
        "targets": list(targets),
        "references": list(references),
        "check": "{}",
        "choices": [],
        "metrics": list(metrics),
    }
    return scoring.process_results(doc, [answer])


def test_a_good_answer_has_every_point():
    assert scores(call("chmod 600 /etc/key")) == dict.fromkeys(METRICS, 1.0)


def test_words_before_the_call_cost_nothing():
    assert scores("I will.\n" + call("chmod 600 /etc/key"))["valid_call"] == 1.0


# The cases of the parser's own test: what it refuses, no metric counts as a call.
REFUSED = PARSING.test_says_what_is_wrong.pytestmark[0].args[1]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_what_the_parser_refuses_is_no_valid_call(text, reason):
    found = scores(text, tools=PARSING.TOOLS)
    assert (found["valid_call"], found["script_parses"], found["names_target"]) == (0, 0, 0)
    # With bad arguments it is still one call of the tool asked for.
    assert found["right_tool"] == float(reason == "bad_arguments")


def test_what_the_parser_reads_is_a_valid_call():
    assert scores(PARSING.call(), tools=PARSING.TOOLS)["valid_call"] == 1.0


def test_an_answer_that_was_cut_off_fails_even_when_it_parses():
    found = scores(call("chmod 600 /etc/key") + scoring.CUT_OFF)
    assert set(found.values()) == {0.0}


def test_a_call_of_another_offered_tool_is_valid_but_not_right():
    other = {**TOOL, "function": {**TOOL["function"], "name": "look"}}
    found = scores(call("cat /etc/key", "look"), tools=(TOOL, other))
    assert (found["valid_call"], found["right_tool"]) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("script", "reads"),
    [
        ("echo x > /etc/a", True),
        ("if true; then echo x; fi", True),
        ("if true; then echo x", False),
        ("echo 'x", False),
        ("echo \udcff", True),
        (" \n", False),
        ("", False),
    ],
)
def test_bash_reads_the_script(script, reads):
    assert scores(call(script))["script_parses"] == float(reads)


def test_no_script_is_run(tmp_path, monkeypatch):
    start = tmp_path / "start"
    start.write_text(f"touch {tmp_path}/started")
    monkeypatch.setenv("BASH_ENV", str(start))
    assert scoring.bash_reads(f"touch {tmp_path}/ran; exit 0")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["start"]


@pytest.mark.parametrize(
    ("script", "target", "named"),
    [
        ("chmod 600 /etc/key", "/etc/key", True),
        ("chmod 600 /etc/key-", "/etc/key", False),
        ("chmod 600 /etc/key.d/x", "/etc/key", False),
        ("chmod 600 /etc/key/x", "/etc/key", False),
        ("chmod 600 /etc/key/*", "/etc/key", True),
        ("chmod 600 /etc/{key,lock}", "/etc/lock", True),
        ("chmod 600 /root/etc/key", "/etc/key", False),
        ("auditctl -F path=/usr/bin/su -k x", "/usr/bin/su", True),
        ("echo x > /etc/a.d/mine.conf", "/etc/a.d/", True),
        ("echo x > /etc/a.d", "/etc/a.d/", False),
        ("printf '[x]\\nlock=true\\n' > /etc/a", "lock", True),
        ("echo lock-delay=1 > /etc/a", "lock", False),
        ("sed -i '/UsePAM/d' /etc/a", "UsePAM", True),
        ("sysctl -w net.ipv4.ip_forward=0", "net.ipv4.ip_forward", True),
        ("sysctl -w net.ipv4.ip_forward=0", "netxipv4.ip_forward", False),
    ],
)
def test_names_are_whole_words(script, target, named):
    assert scoring.names(script, target) is named


def test_one_target_of_several_is_enough():
    assert scores(call("echo b"), targets=["aaa", "b"])["names_target"] == 1.0


def test_an_item_without_target_is_not_scored_on_it():
    assert "names_target" not in scores(call("echo b"), targets=[])


def test_only_what_the_suite_asks_for_is_scored():
    assert scores("x", metrics=["valid_call"]) == {"valid_call": 0.0}


@pytest.mark.parametrize("brackets", ["[", '{"a":'])
def test_brackets_by_the_thousand_are_a_failure_and_no_crash(brackets):
    found = scores(f"<tool_call>{brackets * 5000}</tool_call>", metrics=[*METRICS, "valid_json"])
    assert set(found.values()) == {0.0}


@pytest.mark.parametrize(
    ("answer", "metric", "value"),
    [
        (call("chmod 600 /etc/key"), "arguments_match", 1.0),
        (call("chmod  600 '/etc/key' # so"), "arguments_match", 1.0),
        (call("chmod 0600 /etc/key"), "arguments_match", 0.0),
        ("no call", "arguments_match", 0.0),
        (call("x", "other_tool"), "valid_json", 1.0),
        (call("x") + call("y"), "valid_json", 1.0),
        (call("x") + " done", "valid_json", 0.0),
        (call("x") + scoring.CUT_OFF, "valid_json", 0.0),
        ("", "valid_json", 0.0),
    ],
)
def test_arguments_and_json_are_scored(answer, metric, value):
    references = ["rm /etc/key", "chmod 600 /etc/key"]
    assert scores(answer, metrics=[metric], references=references) == {metric: value}


def test_an_item_that_no_script_is_known_to_pass_is_not_scored_on_its_arguments():
    assert scores(call("x"), metrics=["arguments_match"]) == {}


@pytest.mark.parametrize(
    ("reference", "right"),
    [
        ({"fix_script": "chmod 600 /etc/key\n", "count": 1.0}, 1.0),
        ({"fix_script": "chmod  600 /etc/key", "count": 1}, 0.0),
        ({"fix_script": "chmod 600 /etc/key", "count": True}, 0.0),
        ({"fix_script": "chmod 600 /etc/key"}, 0.0),
    ],
)
def test_arguments_of_a_tool_without_a_script_are_compared_as_json(reference, right):
    answer = call("chmod 600 /etc/key").replace('"}}', '", "count": 1}}')
    schema = TOOL["function"]["parameters"]
    properties = schema["properties"] | {"count": {"type": "number"}}
    tool = {
        **TOOL,
        "function": {**TOOL["function"], "parameters": schema | {"properties": properties}},
    }
    found = scores(
        answer,
        (),
        (tool,),
        [*METRICS, "arguments_match"],
        [json.dumps(reference)],
        argument="",
    )
    assert found == {"valid_call": 1.0, "right_tool": 1.0, "arguments_match": right}
    nothing = scores(
        "no call", (), (tool,), ["arguments_match"], [json.dumps(reference)], argument=""
    )
    assert nothing == {"arguments_match": 0.0}
