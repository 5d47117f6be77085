"""Real torch and peft on a model of two layers: what is proven, and what is not."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness_forge.core.errors import EvalError, TrainError
from harness_forge.evaluation.proof import local_check, prove
from harness_forge.registry import current
from harness_forge.registry.adapters.package import package
from harness_forge.worksets.worksets import environment_of, python_of

pytestmark = [pytest.mark.workset, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def report(tiny, tmp_path_factory):
    out = tmp_path_factory.mktemp("proof") / "prove.json"
    return prove.prove(tiny.config, "tiny", out), out


def measured(tiny, name):
    """Return what is measured of an adapter that packaging would refuse, and why it is refused."""
    home = Path(tiny.config.forge_home)
    adapter = tiny.odd(name)
    facts = local_check.measure(
        adapter,
        current.base_model_of(tiny.config),
        probes=[[{"role": "user", "content": "x"}]],
        tools=(),
        python=python_of("train", home),
        environment=environment_of("train", home),
        threads=1,
    )
    with pytest.raises(EvalError) as caught:
        local_check.check(adapter, facts)
    return facts, str(caught.value)


def test_what_was_measured_is_written(report, tiny):
    written, out = report
    assert json.loads(out.read_text()) == written
    assert written["adapter"]["digest"] == tiny.adapter.digest
    assert written["modules"] == {"down_proj": 2, "q_proj": 2, "up_proj": 2, "v_proj": 2}
    assert written["weights"]["tensors"] == 16


def test_a_live_adapter_moves_the_logits(report):
    logits = report[0]["logits"]
    assert logits["kl_nats"] > logits["least_kl_nats"]
    assert logits["max_difference"] > logits["mean_difference"] > 1e-2
    assert logits["reload_difference"] == logits["switched_off_difference"] == 0.0


def test_an_adapter_of_zeros_is_not_live(tiny):
    facts, why = measured(tiny, "zero")
    assert "every lora_B is zero" in why
    assert facts["logits"]["kl_nats"] == facts["logits"]["max_difference"] == 0.0


def test_a_tensor_that_peft_would_leave_out_in_silence_is_named(tiny):
    facts, why = measured(tiny, "misfit")
    assert "1 of its 16 tensors fit nowhere: " in why
    assert ".layers.7." in why
    assert facts["homes"]["misshapen"][0].endswith("is [4, 128] instead of [12, 128]")


def test_a_module_that_the_base_lacks_is_named(tiny):
    _, why = measured(tiny, "misnamed")
    assert "does not have: w_proj" in why


def test_a_damaged_adapter_leaves_nothing(tiny, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(tiny.adapter.folder, broken)
    weights = broken / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    out = tmp_path / "prove.json"
    out.write_text("{}")
    with pytest.raises(TrainError, match="is damaged"):
        prove.prove(tiny.config, broken, out)
    assert not out.exists()


def test_an_adapter_of_another_base_leaves_nothing(tiny, tmp_path):
    other = tiny.lineage()
    other["base"] = other["base"] | {"digest": "0" * 64, "name": "another"}
    adapter = package(tiny.raw / "live", "other", tmp_path, other)
    out = tmp_path / "prove.json"
    with pytest.raises(EvalError, match=r"base model another \(000000000000\), not local"):
        prove.prove(tiny.config, adapter.folder, out)
    assert not out.exists()


def test_without_a_name_the_stages_adapter_comes_first(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert current.current_adapter(tiny.config).folder == tiny.adapter.folder
    shutil.copytree(tiny.adapter.folder, "outputs/adapters/sft")
    assert current.current_adapter(tiny.config).folder == Path("outputs/adapters/sft").resolve()


def test_an_unknown_adapter_is_told(tiny):
    config = replace(tiny.config, train=replace(tiny.config.train, name="tinny"))
    with pytest.raises(TrainError, match=r"no adapter of that name\n  hint: did you mean tiny"):
        current.current_adapter(config)


def test_what_was_trained_on_four_bits_is_proven_on_four_bits_too(tiny, tmp_path):
    facts = tiny.lineage()
    facts["train"] = facts["train"] | {"adapter": "qlora"}
    adapter = package(tiny.raw / "live", "four", tmp_path, facts)
    report = prove.prove(tiny.config, adapter.folder, tmp_path / "prove.json")
    print(report["four_bits"])
    assert report["four_bits"]["gap_nats"] > 0


def test_a_policy_with_a_template_of_its_own_is_refused(tiny, tmp_path):
    other = tmp_path / "other.jinja"
    other.write_text("{{ messages }}")
    config = replace(tiny.config, policy=replace(tiny.config.policy, chat_template=str(other)))
    with pytest.raises(EvalError, match="is another chat template than local was trained with"):
        prove.prove(config, "tiny", tmp_path / "prove.json")
