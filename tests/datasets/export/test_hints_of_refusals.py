"""What an export without training rows says is to be changed."""

from types import SimpleNamespace

import pytest

from harness_forge.core.errors import ExportError
from harness_forge.datasets.refusals import demand_training_rows


def hint(**rejected):
    told = SimpleNamespace(
        path="data/d", read=9, kept=0, examples={"train": 0, "validation": 0}, rejected=rejected
    )
    part = SimpleNamespace(
        key="export", config=SimpleNamespace(require={"not_decisive": "decisive"})
    )
    with pytest.raises(ExportError) as caught:
        demand_training_rows(told, [part])
    return caught.value.hint


def test_earlier_turns_are_counted_apart_and_the_answers_reason_has_its_remedy():
    said = hint(not_decisive=6, orphan_result=3)
    assert said.startswith(
        "6 rows are earlier turns of attempts; of the others most are orphan_result: results of"
        " tools answer no call: are the calls in a field that no key of the mapping names?"
    )


def test_where_no_row_is_an_answer_that_is_the_reason():
    assert hint(not_decisive=9) == "most fell to export.require.not_decisive: decisive"


def test_without_earlier_turns_the_remedy_stands_alone():
    assert hint(orphan_result=9).startswith("results of tools answer no call")
    assert hint(mystery=9) == "most rows were rejected as mystery: see docs/datasets.md"
