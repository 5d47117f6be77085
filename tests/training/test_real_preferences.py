"""Real Axolotl, second stage: DPO from the adapter that the first stage made."""

import json
import struct
from dataclasses import replace

import pytest

from harness_forge.core.errors import Interrupted, TrainError
from harness_forge.registry.adapters.package import load
from harness_forge.training.preferences import train_preferences
from harness_forge.training.progress import steps_in, stretches

pytestmark = pytest.mark.workset

RATE = 1e-3


@pytest.fixture(scope="module")
def preferred(config, trained):
    """A second stage that is stopped on the way and goes on from its checkpoint."""

    def stop(step):
        if step.step > 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        train_preferences(config, show=stop)
    return train_preferences(config)


def tensors(folder):
    """Each tensor of an adapter as a list of float32."""
    raw = (folder / "adapter_model.safetensors").read_bytes()
    end = 8 + struct.unpack("<Q", raw[:8])[0]
    found = {}
    for name, fact in json.loads(raw[8:end]).items():
        if name != "__metadata__":
            assert fact["dtype"] == "F32"
            begin, stop = (end + offset for offset in fact["data_offsets"])
            found[name] = struct.unpack(f"<{(stop - begin) // 4}f", raw[begin:stop])
    return found


def test_both_answers_of_a_pair_are_shown_as_serving_renders_them(preferred):
    assert preferred.audit.pairs == 8
    assert preferred.audit.prompt_text.endswith("<|im_start|>assistant\n")
    assert '"name": "apply_fix"' in preferred.audit.prompt_text
    for text in (preferred.audit.chosen_text, preferred.audit.rejected_text):
        assert text.startswith('<tool_call>{"name": "apply_fix"')
        assert text.endswith("</tool_call><|im_end|>")


def test_it_starts_from_the_first_stage_and_moves_no_further_than_its_steps(preferred, trained):
    # A fresh adapter would be nowhere near: lora_A starts at random, lora_B at zero.
    first, second = tensors(trained.adapter.folder), tensors(preferred.adapter.folder)
    assert first.keys() == second.keys()
    moved = max(
        abs(a - b) for name in first for a, b in zip(first[name], second[name], strict=True)
    )
    steps = preferred.adapter.lineage["measured"]["steps"]
    assert 0 < moved < 1.5 * RATE * steps


def test_the_reference_is_the_policy_it_started_from(preferred):
    start = steps_in(preferred.metrics)[0]
    # Not 0 to the last digit: the policy is asked with gradients and the reference without,
    # and the kernels of some processors differ in that.
    assert abs(start["rewards/chosen"]) < 1e-3
    assert abs(start["rewards/rejected"]) < 1e-3


def test_it_learns_to_prefer_and_forgets_nothing_of_that_when_it_goes_on(preferred):
    before, after = stretches(steps_in(preferred.metrics))
    assert after[0]["since"] >= 2
    known = {fact["step"]: fact["rewards/margins"] for fact in before}
    again = after[0]["step"]
    # With one thread a step that is made twice is the same step.
    assert after[0]["rewards/margins"] == pytest.approx(known.get(again, known[again - 1]), rel=0.5)
    assert after[-1]["rewards/margins"] > after[0]["rewards/margins"] > 0


def test_the_adapter_names_its_parent_and_holds_nothing_else(preferred, trained):
    adapter = load(preferred.adapter.folder)
    assert adapter.lineage["parent"] == {"name": "tiny", "digest": trained.adapter.digest}
    assert {path.name for path in adapter.folder.iterdir()} == {
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
        "bom.cdx.json",
        "lineage.json",
    }


def test_the_same_second_stage_is_not_made_again(preferred, config):
    assert not train_preferences(config).new


def test_answers_beyond_the_context_are_refused_before_training(config, trained):
    short = replace(config, train=replace(config.train, sequence_length=40))
    with pytest.raises(TrainError, match=r"16 of 16 rows exceed 40 tokens"):
        train_preferences(short)


def test_an_adapter_of_another_base_model_is_refused(config, trained, model, tmp_path):
    import shutil

    other = tmp_path / "other"
    shutil.copytree(model, other)
    (other / "config.json").write_text((other / "config.json").read_text() + " ")
    wrong = replace(config, model=replace(config.model, path=str(other)))
    with pytest.raises(TrainError, match="was trained on another base model"):
        train_preferences(wrong)
