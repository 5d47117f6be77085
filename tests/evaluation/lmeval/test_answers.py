import json

import pytest

from harness_forge.core.errors import EvalError
from harness_forge.evaluation.lmeval import answers
from harness_forge.evaluation.lmeval.answers import ScoredAnswer


def sample(item_id, text, **scores):
    doc = {"skill": "s", "item_id": item_id}
    asked = {"gen_args_0": {"arg_0": "prompt", "arg_1": {}}}
    return json.dumps({"doc": doc, "arguments": asked, "resps": [[text]], **scores})


def test_samples_become_answers_in_order(tmp_path):
    (tmp_path / "m").mkdir()
    lines = [sample("b", "x\x18", valid_call=0.0), sample("a", "y", valid_call=1.0, stray=2.0)]
    (tmp_path / "m/samples_t_2026.jsonl").write_text("\n".join(lines) + "\n")
    found = answers.read_samples(tmp_path, ["valid_call", "names_target"])
    assert found == [
        ScoredAnswer("s", "a", "prompt", "y", "stop", {"valid_call": 1.0}),
        ScoredAnswer("s", "b", "prompt", "x", "length", {"valid_call": 0.0}),
    ]


def test_a_sample_may_hold_any_line_separator(tmp_path):
    text = "one\u2028two\u2029three\x85"
    line = json.dumps(json.loads(sample("a", text, valid_call=1.0)), ensure_ascii=False)
    (tmp_path / "samples_t.jsonl").write_text(line + "\n", encoding="utf-8")
    (found,) = answers.read_samples(tmp_path, ["valid_call"])
    assert found.answer == text


def test_a_torn_sample_is_a_fault(tmp_path):
    (tmp_path / "samples_t.jsonl").write_text('{"doc": {}}\n')
    with pytest.raises(EvalError, match="holds no sample"):
        answers.read_samples(tmp_path, ["valid_call"])


def test_kept_answers_come_back_as_they_were(tmp_path):
    given = [ScoredAnswer("s", "a", "p", "ä\n\x18\u2028\x85", "stop", {"valid_call": 1.0})]
    answers.keep(tmp_path / "a.jsonl", given)
    assert answers.kept(tmp_path / "a.jsonl") == given


def test_what_is_damaged_or_missing_is_not_kept(tmp_path):
    assert answers.kept(tmp_path / "none.jsonl") is None
    (tmp_path / "a.jsonl").write_text('{"skill": "s"')
    assert answers.kept(tmp_path / "a.jsonl") is None


def test_means_are_by_part_and_over_items_that_have_the_metric():
    rows = [
        ("new_rule", {"valid_call": 1.0, "names_target": 1.0}),
        ("new_rule", {"valid_call": 0.0}),
        ("new_family", {"valid_call": 0.0, "names_target": 0.0}),
    ]
    assert answers.summed(rows, ["valid_call", "names_target"]) == {
        "new_family": {"items": 1, "valid_call": 0.0, "names_target": 0.0},
        "new_rule": {"items": 2, "valid_call": 0.5, "names_target": 1.0, "names_target_items": 1},
        "all": {"items": 3, "valid_call": 0.333333, "names_target": 0.5, "names_target_items": 2},
    }
