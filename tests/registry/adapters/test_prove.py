"""What is asked of an adapter before anything is measured with it, on figures made up here."""

import copy

import pytest

from harness_forge.cli.prove import _mask
from harness_forge.core.errors import EvalError
from harness_forge.evaluation.proof.local_check import check, check_mask
from harness_forge.registry.adapters.lineage import check_lineage
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.models.folder import BaseModel

FACTS = {
    "modules": {"q_proj": 30, "v_proj": 30},
    "homes": {"tensors": 120, "homeless": [], "missing": [], "misshapen": []},
    "weights": {"count": 5000, "norm": 4.0, "not_finite": 0, "layers": 60, "silent_layers": 0},
    "logits": {
        "kl_nats": 0.4,
        "noise": 0.0,
        "noise_kl_nats": 0.0,
        "reload_difference": 0.0,
        "switched_off_difference": 0.0,
    },
}


@pytest.fixture
def facts():
    return copy.deepcopy(FACTS)


@pytest.fixture
def adapter(tmp_path):
    base = {"name": "small", "digest": "b" * 64, "template": "t"}
    return Adapter("mine", tmp_path, "a" * 64, {"base": base})


def refused(adapter, facts):
    with pytest.raises(EvalError) as caught:
        check(adapter, facts)
    return str(caught.value).splitlines()[0]


def test_a_live_adapter_passes(adapter, facts):
    check(adapter, facts)


def test_a_module_that_is_not_there_is_named(adapter, facts):
    facts["modules"] = {"q_proj": 30, "w_proj": 0}
    said = "adapter mine: names modules that the base model does not have: w_proj"
    assert refused(adapter, facts) == said


def test_only_a_few_of_many_tensors_are_listed(adapter, facts):
    facts["homes"]["homeless"] = [f"t{number}" for number in range(9)]
    said = "9 of its 120 tensors fit nowhere: t0, t1, t2, t3, t4 and 4 more"
    assert refused(adapter, facts).endswith(said)


@pytest.mark.parametrize("kind", ["missing", "misshapen"])
def test_every_tensor_has_its_place(adapter, facts, kind):
    facts["homes"][kind] = ["t0"]
    assert "t0" in refused(adapter, facts)


def test_weights_are_numbers(adapter, facts):
    facts["weights"]["not_finite"] = 3
    assert "3 of its 5000 weights are not finite" in refused(adapter, facts)


def test_weights_are_not_zero(adapter, facts):
    facts["weights"]["silent_layers"] = 60
    assert "every lora_B is zero" in refused(adapter, facts)


@pytest.mark.parametrize("kl", [0.0, 5e-4, float("nan")])
def test_an_adapter_changes_what_the_base_says(adapter, facts, kl):
    facts["logits"]["kl_nats"] = kl
    assert "changes too little" in refused(adapter, facts)


def test_more_than_the_order_of_sums_changes(adapter, facts):
    facts["logits"] |= {"noise_kl_nats": 0.05, "noise": 1.0}
    assert "at least 0.5 are asked for" in refused(adapter, facts)


def test_the_base_is_itself_again_without_it(adapter, facts):
    facts["logits"]["switched_off_difference"] = 0.1
    assert "not itself again" in refused(adapter, facts)


def test_loaded_twice_it_says_the_same(adapter, facts):
    facts["logits"]["reload_difference"] = 0.1
    assert "when loaded again" in refused(adapter, facts)


def test_another_base_model_is_refused(adapter, tmp_path):
    base = BaseModel("other", tmp_path, "Other", "c" * 64, "words")
    with pytest.raises(EvalError, match=r"base model small \(bbbbbbbbbbbb\), not other \(cccc"):
        check_lineage(adapter, base)


def test_another_chat_template_is_refused(adapter, tmp_path):
    base = BaseModel("small", tmp_path, "Small", "b" * 64, "other words")
    with pytest.raises(EvalError, match="another chat template"):
        check_lineage(adapter, base)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (None, "its loss mask was never checked"),
        ({"rows": 3, "tokens": 30, "trained": 0}, "0 of 30, nothing was learned"),
        ({"rows": 3, "tokens": 30, "trained": 30}, "30 of 30, the prompts were learned too"),
    ],
)
def test_a_mask_that_was_not_checked_or_wrong_is_refused(tmp_path, counts, said):
    with pytest.raises(EvalError, match=said):
        check_mask(Adapter("mine", tmp_path, "a" * 64, {"audit": counts}))


def test_prompts_whose_answers_are_written_in_training_have_nothing_to_mask(tmp_path):
    lineage = {"audit": {"rows": 72, "tokens": 2160, "trained": 0}, "grpo": {"answers": 960}}
    counts = check_mask(Adapter("mine", tmp_path, "a" * 64, lineage))
    assert counts == {"rows": 72, "tokens": 2160, "trained": 0, "answers": 960}
    # What is said of it is no mask of nothing.
    told = (
        "no token of the 72 prompts learned; learned were 960 answers that the model wrote itself"
    )
    assert _mask(counts) == told
    assert _mask({"rows": 3, "tokens": 30, "trained": 9}) == "9 of 30 tokens learned, in 3 rows"
