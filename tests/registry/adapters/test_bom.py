"""The bill of materials is valid CycloneDX 1.6, and says what is not known."""

import json
from hashlib import sha256

import pytest
from whole_adapters import packaged

from harness_forge.registry.adapters import taint
from harness_forge.registry.adapters.bom import BOM, written
from harness_forge.registry.adapters.package import describe, load

DPO = {"pairs": 3, "beta": 0.1, "sft_weight": 1}
KTO = {"beta": 0.1, "good_weight": 1.0, "bad_weight": 1.2, "good": 5, "bad": 3}
GRPO = {
    "answers": 64, "group": 8, "evaluator": "command", "beta": 0.04,
    "first_reward": 0.311, "last_reward": 0.622,
}  # fmt: skip
PARENT = {"name": "first", "digest": "c" * 64}


def faults(text):
    """Return what CycloneDX's own schema finds wrong."""
    reason = "pip install 'cyclonedx-python-lib[json-validation]'"
    json_validation = pytest.importorskip("cyclonedx.validation.json", reason=reason)
    schema = pytest.importorskip("cyclonedx.schema", reason=reason)
    return json_validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(text)


def part(bill, ref):
    return next(one for one in bill["components"] if one["bom-ref"] == ref)


def said(component):
    return {
        one["name"].removeprefix("harness-forge:"): one["value"] for one in component["properties"]
    }


def test_the_schema_finds_faults_at_all(tmp_path):
    bill = json.loads((packaged(tmp_path).folder / BOM).read_text())
    bill["metadata"]["component"]["type"] = "lora"
    assert faults(json.dumps(bill)) is not None


@pytest.mark.parametrize(
    "lineage",
    [
        {},
        {"parent": PARENT, "dpo": DPO},
        {"tools": {"axolotl": "0.19.0", "torch": "2.13.0"}},
    ],
)
def test_it_is_valid(tmp_path, lineage):
    assert faults((packaged(tmp_path, **lineage).folder / BOM).read_text()) is None


@pytest.mark.parametrize(
    ("stage", "facts", "told"),
    [
        ("dpo", DPO, "| DPO | 3 pairs, beta 0.1, weight of the chosen answer's own loss 1 |"),
        ("kto", KTO, "| KTO | 5 good and 3 bad answers, beta 0.1, weights 1.0 and 1.2 |"),
        (
            "grpo",
            GRPO,
            "| GRPO | 64 own answers, 8 a prompt, judged by `command`, beta 0.04, "
            "mean reward 0.31 at first, 0.62 at last |",
        ),
    ],
)
def test_a_second_stage_is_told_on_card_and_bill_and_how_to_train_it_anew(
    tmp_path, stage, facts, told
):
    adapter = packaged(tmp_path, **{"parent": PARENT, stage: facts})
    bill = json.loads((adapter.folder / BOM).read_text())
    assert said(bill["metadata"]["component"])["method"] == stage.upper()
    assert told in (adapter.folder / "README.md").read_text().splitlines()
    (one,) = taint.trained(tmp_path)
    assert one.remake.startswith(f"`forge train {stage} {stage}.dataset=data/")


def test_a_lineage_that_says_nothing_is_valid_and_unknown(tmp_path):
    folder = packaged(tmp_path).folder
    text = written({"name": "mine", "digest": "a" * 64}, folder)
    assert faults(text) is None
    bill = json.loads(text)
    assert part(bill, "base")["name"] == "unknown"
    assert part(bill, "base")["licenses"] == [{"license": {"name": "unknown"}}]
    assert said(part(bill, "dataset"))["sha256 of the rows"] == "unknown"
    assert part(bill, "tool:axolotl")["version"] == "unknown"


def test_it_says_what_the_adapter_was_made_of(tmp_path):
    adapter = packaged(tmp_path, tools={"torch": "2.13.0"})
    bill = json.loads((adapter.folder / BOM).read_text())
    files = {
        one["name"]: one["hashes"][0]["content"]
        for one in bill["metadata"]["component"]["components"]
    }
    weights = (adapter.folder / "adapter_model.safetensors").read_bytes()
    assert files["adapter_model.safetensors"] == sha256(weights).hexdigest()
    assert part(bill, "base")["licenses"] == [{"license": {"id": "MIT"}}]
    assert said(part(bill, "base"))["digest of its files"] == "b" * 64
    assert said(part(bill, "dataset"))["sha256 of the rows"] == "d" * 64
    assert part(bill, "tool:torch")["version"] == "2.13.0"
    assert bill["dependencies"][0]["dependsOn"] == ["base", "dataset"]


def test_the_same_adapter_has_the_same_bill(tmp_path):
    first, second = (packaged(tmp_path / name) for name in ("a", "b"))
    assert (first.folder / BOM).read_bytes() == (second.folder / BOM).read_bytes()


def test_an_adapter_from_before_gets_one_and_a_taint_leaves_it(tmp_path):
    adapter = packaged(tmp_path)
    before = (adapter.folder / BOM).read_text()
    (adapter.folder / BOM).unlink()
    assert describe(load(adapter.folder)) is True
    assert describe(load(adapter.folder)) is False
    (one,) = taint.trained(tmp_path)
    taint.mark(tmp_path, one, "poisoned", "2026-11-21T00:00:00Z")
    assert (adapter.folder / BOM).read_text() == before == written(adapter.lineage, adapter.folder)
