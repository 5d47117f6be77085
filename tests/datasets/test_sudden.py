"""Sources whose share of a dataset jumped."""

import json

import pytest

from harness_forge.datasets.sudden import rows_before, sudden


def test_a_share_that_grew_by_ten_points_is_told():
    assert sudden({"a": 90, "b": 10}, {"a": 80, "b": 20}) == [
        "b is 20.0% of the kept rows, 10.0% in the dataset before"
    ]
    assert sudden({"a": 90, "b": 10}, {"a": 810, "b": 190}) == []


def test_a_source_that_was_not_there_came_all_at_once():
    assert sudden({"a": 9}, {"a": 9, "b": 3}) == [
        "b is 25.0% of the kept rows: all 3 rows came since the dataset before"
    ]
    assert sudden({"a": 99}, {"a": 99, "b": 1}) == []


def test_without_a_dataset_before_nothing_is_sudden():
    assert sudden(None, {"a": 9}) == [] and sudden({"a": 1}, {}) == []


@pytest.mark.parametrize("text", ["", "[]", "{", '{"seen": 3}', '{"seen": {"evaluators": [1]}}'])
def test_a_manifest_of_another_form_is_none(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    assert rows_before(tmp_path) is None
    assert rows_before(tmp_path / "none") is None


def test_the_rows_of_a_manifest_are_read(tmp_path):
    facts = {"seen": {"evaluators": {"a": 3, "b": "x"}}}
    (tmp_path / "manifest.json").write_text(json.dumps(facts))
    assert rows_before(tmp_path) == {"a": 3}
