"""Copies of public benchmarks, each in a small fixture of ours: layouts, order, faults."""

import gzip
import json

import pytest

from harness_forge.config.suite import SuiteConfig, SuiteKind
from harness_forge.core.errors import ConfigError, EvalError
from harness_forge.evaluation.scoring import checks
from harness_forge.evaluation.suites import load

FUNCTION = {
    "name": "lamp.switch",
    "description": "Switch a lamp.",
    "parameters": {
        "type": "dict",
        "properties": {"on": {"type": "boolean"}, "level": {"type": "float"},
                       "spots": {"type": "array", "items": {"type": "tuple"}}},
        "required": ["on"],
    },
}  # fmt: skip
TRUTH = [{"lamp.switch": {"on": [True], "level": [""], "spots": [""]}}]


def write(file, *rows):
    file.parent.mkdir(exist_ok=True, parents=True)
    # The files of BFCL end without a new line.
    file.write_text("\n".join(json.dumps(row) for row in rows))


def asked(name):
    return {"id": name, "question": [[{"role": "user", "content": name}]], "function": [FUNCTION]}


def suite(kind, path, **changes):
    return SuiteConfig(name=kind, kind=SuiteKind[kind], path=str(path), **changes)


@pytest.fixture
def bfcl(tmp_path):
    for name in ("simple_python", "multi_turn_base", "simple_java"):
        write(tmp_path / f"BFCL_v4_{name}.json", asked(f"{name}_0"))
    write(tmp_path / "BFCL_v4_irrelevance.json", asked("irrelevance_0"))
    answers = {"id": "simple_python_0", "ground_truth": TRUTH}
    write(tmp_path / "possible_answer/BFCL_v4_simple_python.json", answers)
    return tmp_path


def test_bfcl_asks_what_can_be_matched(bfcl):
    found = load(suite("bfcl", bfcl))
    assert [one.item_id for one in found] == ["irrelevance_0", "simple_python_0"]
    answer = '<tool_call>{"name": "lamp.switch", "arguments": {"on": true}}</tool_call>'
    verdicts = [checks.scored(one.check, answer, False, one.tools) for one in found]
    assert [one["ast_match"] for one in verdicts] == [False, True]


def test_bfcls_types_are_offered_as_those_of_json(bfcl):
    parameters = load(suite("bfcl", bfcl))[0].tools[0]["function"]["parameters"]
    assert parameters["type"] == "object"
    kinds = {name: part["type"] for name, part in parameters["properties"].items()}
    assert kinds == {"on": "boolean", "level": "number", "spots": "array"}
    assert parameters["properties"]["spots"]["items"] == {"type": "array"}


def test_answers_may_lie_beside_the_questions(bfcl):
    inside = bfcl / "possible_answer/BFCL_v4_simple_python.json"
    inside.rename(bfcl / "possible_answer_BFCL_v4_simple_python.json")
    assert len(load(suite("bfcl", bfcl))) == 2


def test_a_category_that_is_not_matched_is_refused_by_name(bfcl):
    with pytest.raises(ConfigError, match="multi_turn_base is not matched"):
        load(suite("bfcl", bfcl, categories=["multi_turn_base"]))


def test_bfcl_without_its_answers_is_told(bfcl):
    (bfcl / "possible_answer/BFCL_v4_simple_python.json").unlink()
    with pytest.raises(EvalError, match="its possible answers are missing"):
        load(suite("bfcl", bfcl))


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (asked("other"), "other has no possible answer"),
        (asked("simple_python_0") | {"question": [[], []]}, "has 2 turns, where one is matched"),
        (asked("simple_python_0") | {"function": None}, "has no function"),
    ],
)
def test_a_line_of_bfcl_that_cannot_be_used_is_told(bfcl, row, what):
    write(bfcl / "BFCL_v4_simple_python.json", row)
    with pytest.raises(EvalError, match=what):
        load(suite("bfcl", bfcl))


def test_mmlu_is_read_as_its_authors_pack_it(tmp_path):
    (tmp_path / "test").mkdir()
    table = 'What is 1 + 1?,1,2,3,4,B\n"Which, if any?",a,b,c,d,D\n'
    (tmp_path / "test/high_school_sums_test.csv").write_text(table)
    first, second = load(suite("mmlu", tmp_path, metrics=["accuracy"]))
    assert (first.category, first.check["answer"], first.choices) == (
        "high_school_sums", "B", ("A", "B", "C", "D"),
    )  # fmt: skip
    assert "high school sums" in first.messages[0]["content"]
    assert second.messages[1]["content"] == "Which, if any?\nA. a\nB. b\nC. c\nD. d"


def test_mmlu_is_read_as_lines_too(tmp_path):
    row = {"question": "q", "choices": ["a", "b", "c", "d"], "answer": 3, "subject": "law"}
    write(tmp_path / "test.jsonl", row)
    (found,) = load(suite("mmlu", tmp_path))
    assert (found.category, found.check["answer"]) == ("law", "D")
    for bad in ({"answer": 4}, {"answer": "D"}, {"choices": ["a"]}, {"question": None}):
        write(tmp_path / "test.jsonl", row | bad)
        with pytest.raises(EvalError, match=r"test.jsonl:1"):
            load(suite("mmlu", tmp_path))


def test_a_table_that_is_no_mmlu_is_told_by_its_line(tmp_path):
    (tmp_path / "test").mkdir()
    (tmp_path / "test/law_test.csv").write_text("q,a,b,c,d,A\nq,a,b,c,d,E\n")
    with pytest.raises(EvalError, match=r"law_test.csv:2: is no question"):
        load(suite("mmlu", tmp_path))


ADD = {
    "task_id": "T/0",
    "prompt": 'def add(a, b):\n    """Add."""\n',
    "entry_point": "add",
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
    "canonical_solution": "    return a + b\n",
}


@pytest.mark.parametrize("name", ["HumanEval.jsonl", "HumanEval.jsonl.gz"])
def test_humaneval_is_read_plain_or_packed(tmp_path, name):
    opened = gzip.open if name.endswith("gz") else open
    with opened(tmp_path / name, "wt") as file:
        file.write(json.dumps(ADD) + "\n")
    for place in (tmp_path, tmp_path / name):
        (found,) = load(suite("humaneval", place))
        assert found.item_id == "T/0"
        assert ADD["prompt"] in found.messages[0]["content"]
        assert "assert" not in found.messages[0]["content"]


def test_a_name_that_is_code_is_no_entry_point(tmp_path):
    write(tmp_path / "HumanEval.jsonl", ADD | {"entry_point": "add); import os; (add"})
    with pytest.raises(EvalError, match="is no name"):
        load(suite("humaneval", tmp_path))


@pytest.mark.parametrize("kind", ["bfcl", "mmlu", "humaneval"])
def test_a_copy_that_is_not_there_is_told(tmp_path, kind):
    with pytest.raises(EvalError, match="needs a local copy; none comes with forge"):
        load(suite(kind, ""))
    with pytest.raises(EvalError, match="there is nothing at"):
        load(suite(kind, tmp_path / "nowhere"))
    with pytest.raises(EvalError, match=r"there is no item to ask|holds no"):
        load(suite(kind, tmp_path))
