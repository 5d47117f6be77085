"""An adapter is not judged on what it was trained on."""

from pathlib import Path

import pytest

from harness_forge.core.errors import EvalError
from harness_forge.registry.adapters import fitted
from harness_forge.registry.adapters.package import Adapter


def test_an_adapter_that_saw_validation_is_not_judged_there():
    with pytest.raises(EvalError, match=r"mine: was trained on the validation rows too") as caught:
        fitted.check("mine", ("train", "validation"), "validation")
    assert "train.refit=false" in caught.value.hint


@pytest.mark.parametrize("split", ["train", "holdout", None])
def test_other_splits_are_open_to_it(split):
    fitted.check("mine", ("train", "validation"), split)


def test_validation_is_open_to_one_that_did_not_see_it():
    fitted.check("mine", ("train",), "validation")


def test_an_adapter_from_before_splits_were_told_saw_training_rows():
    assert Adapter("mine", Path("mine"), "d", {"dataset": {"rows": 3}}).fitted == ("train",)
