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


def test_an_adapter_is_asked_as_it_was_taught():
    fitted.check_prompt("mine", ("description",), "description")
    fitted.check_prompt("mine", (), "description")
    with pytest.raises(EvalError) as caught:
        fitted.check_prompt("mine", ("description",), "none")
    assert str(caught.value) == (
        "adapter mine: was trained on prompts with prompt.context=description, not none\n"
        "  hint: ask it as it was taught: prompt.context=description"
    )


def test_an_adapter_from_before_prompts_had_a_choice_is_asked_by_any():
    assert Adapter("mine", Path("mine"), "d", {"dataset": {"rows": 3}}).prompt_contexts == ()
