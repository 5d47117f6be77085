"""Each family of conf/model once around with real Axolotl: a random model of its architecture is
rendered, masked, trained for one step, packaged, loaded and proven.

One family is in the ordinary suite, with most that can go wrong: a wrapper for pictures, a call
form of its own, an end of turn that the tokenizer does not name. `make soak` has all.
"""

import json
from pathlib import Path

import pytest
from tiny_rows import ROOT, TOOLS, answer, asked, script, write

from harness_forge.config.compose.engine import compose
from harness_forge.core.chat.call_forms import found
from harness_forge.evaluation.proof.prove import prove
from harness_forge.registry.adapters import weights
from harness_forge.registry.models.folder import find_base_model
from harness_forge.registry.models.remarks import remarks
from harness_forge.registry.models.tool_form import form_of
from harness_forge.training.supervised import train

MAKER = Path(__file__).with_name("tiny_families.py")
FAMILIES = {
    "gemma4": ("gemma-4-e4b", "gemma.jinja", "gemma"),
    "qwen3": ("qwen3-8b", "qwen_thinking.jinja", "hermes"),
    "qwen3_moe": ("qwen3-30b-a3b", "qwen_thinking.jinja", "hermes"),
    "qwen3_5": ("qwen3.5", "qwen_xml.jinja", "qwen_xml"),
    "llama": ("llama-3.3-70b", "llama_json.jinja", "llama_json"),
    "deepseek": ("deepseek-r1-distill-qwen", "deepseek_hermes.jinja", "hermes"),
    "mistral3": ("devstral-small", "mistral.jinja", "mistral"),
}
ORDINARY = "gemma4"
CASES = [
    pytest.param(family, marks=[] if family == ORDINARY else [pytest.mark.soak])
    for family in FAMILIES
]

pytestmark = [pytest.mark.workset, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("family", CASES)
def test_a_family_is_rendered_masked_trained_loaded_and_proven(family, home, child, tmp_path):
    size, template, form = FAMILIES[family]
    folder = tmp_path / "weights"
    # Without a template of its own: that of its family is used.
    told = child(MAKER, family, folder, ROOT / "conf/model/templates" / template, "--no-template")
    print(family, told.splitlines()[-1])
    (tmp_path / "worksets").symlink_to((home / "worksets").resolve())
    rows = (
        {"messages": [*asked(number), answer(script(number))], "tools": json.dumps(TOOLS)}
        for number in range(4)
    )
    (tmp_path / "data").mkdir()
    config = compose(
        overrides=[
            f"model={size}",
            f"model.path={folder}",
            "train=lora",
            "train.name=tiny",
            f"train.dataset={write(tmp_path / 'data', rows)}",
            "train.sequence_length=1024",
            "train.micro_batch=4",
            "train.accumulate=1",
            "train.max_steps=1",
            "train.learning_rate=0.1",
            "train.warmup=0.0",
            "train.hardware=cpu",
            "train.precision=float32",
            "train.threads=1",
            f"forge_home={tmp_path}",
        ]
    )
    base = find_base_model(config.model, tmp_path)
    assert form_of(base.folder, config.model) == form
    # Its size is another, and so is its context; nothing else may be noted.
    assert all("size" in note or "context" in note for note in remarks(base, config.model))

    done = train(config)
    assert done.audit.turns == done.audit.rows == 4
    learned = found(done.audit.trained_text, form, TOOLS)
    assert [call.body[0] for call in learned] == ["apply_fix"]
    assert "printf '%s\\n' \"k" in learned[0].body[1]["fix_script"]
    assert "Rule: rule_" in done.audit.masked_text
    assert "printf" not in done.audit.masked_text

    names = weights.head(done.adapter.folder / "adapter_model.safetensors")
    assert not any("visi" in name or "visual" in name for name in names)
    report = prove(config, str(done.adapter.folder), tmp_path / "proof.json")
    assert report["logits"]["kl_nats"] > report["logits"]["least_kl_nats"]
    print(family, json.dumps({"modules": report["modules"], "logits": report["logits"]}))
