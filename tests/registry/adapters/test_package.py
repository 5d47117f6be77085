"""Packaging: only an adapter's own files, under a name that its content gives."""

import json
import struct

import pytest

from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters.package import find, load, package

LINEAGE = {
    "key": "k1",
    "base": {"name": "small", "title": "A small model", "licence": "MIT", "digest": "b" * 64},
    "dataset": {"name": "d", "rows": 3, "digest": "d" * 64, "licences": ["content: BSD"]},
    "train": {
        "adapter": "lora",
        "rank": 2,
        "alpha": 4,
        "hardware": "cpu",
        "precision": "float32",
    },
    "audit": {"rows": 3, "tokens": 30, "trained": 9},
    "measured": {"steps": 5, "seconds": 2.0, "first_loss": 2.0, "last_loss": 1.0},
}


def safetensors(path, tensors):
    head, data = {}, b""
    for name, values in tensors.items():
        raw = struct.pack(f"<{len(values)}f", *values)
        offsets = [len(data), len(data) + len(raw)]
        head[name] = {"dtype": "F32", "shape": [len(values)], "data_offsets": offsets}
        data += raw
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


@pytest.fixture
def trained(tmp_path):
    """What a training leaves behind, the adapter among it."""
    folder = tmp_path / "out"
    (folder / "checkpoint-5").mkdir(parents=True)
    for name in ("tokenizer.json", "config.json", "model.safetensors", "debug.log"):
        (folder / name).write_text("not the adapter's")
    facts = {"base_model_name_or_path": str(tmp_path), "target_modules": ["v", "q"], "r": 2}
    (folder / "adapter_config.json").write_text(json.dumps(facts))
    tensors = {"a.lora_A.weight": [0.5, 0.5], "a.lora_B.weight": [0.0, 0.25]}
    safetensors(folder / "adapter_model.safetensors", tensors)
    return folder


def test_takes_only_the_adapters_files(trained, tmp_path):
    adapter = package(trained, "mine", tmp_path / "adapters", LINEAGE)
    assert sorted(path.name for path in adapter.folder.iterdir()) == [
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
        "bom.cdx.json",
        "lineage.json",
    ]


def test_is_named_by_its_content_with_the_readable_name_beside_it(trained, tmp_path):
    adapter = package(trained, "mine", tmp_path / "adapters", LINEAGE)
    assert adapter.folder.name == f"mine-{adapter.digest[:12]}"
    assert (tmp_path / "adapters/mine").resolve() == adapter.folder


def test_no_path_of_this_machine_is_in_it(trained, tmp_path):
    adapter = package(trained, "mine", tmp_path / "adapters", LINEAGE)
    texts = [path.read_bytes() for path in adapter.folder.iterdir()]
    assert not any(str(tmp_path).encode() in text for text in texts)
    assert json.loads(texts and (adapter.folder / "adapter_config.json").read_text())[
        "base_model_name_or_path"
    ] == ("small")


def test_the_same_weights_have_the_same_name(trained, tmp_path):
    first = package(trained, "mine", tmp_path / "one", LINEAGE)
    assert package(trained, "mine", tmp_path / "two", LINEAGE).digest == first.digest


def test_the_card_says_how_often_held_out_items_were_looked_at(trained, tmp_path):
    looks = {"lines": 5, "looks": 2, "head": "0123456789ab"}
    folder = package(trained, "mine", tmp_path, {**LINEAGE, "looks": looks}).folder
    row = "| looks at held-out items before | 2 (ledger head `0123456789ab`) |"
    assert row in (folder / "README.md").read_text()


def test_is_found_by_the_key_of_its_training(trained, tmp_path):
    out = tmp_path / "adapters"
    made = package(trained, "mine", out, LINEAGE)
    assert find(out, "mine", "k1").digest == made.digest
    assert find(out, "mine", "k2") is None


def test_a_damaged_one_is_told_and_not_found(trained, tmp_path):
    out = tmp_path / "adapters"
    adapter = package(trained, "mine", out, LINEAGE)
    weights = adapter.folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(TrainError, match=r"is damaged: .* bytes instead of"):
        load(adapter.folder)
    assert find(out, "mine", "k1") is None


def test_changed_weights_are_noticed(trained, tmp_path):
    adapter = package(trained, "mine", tmp_path / "adapters", LINEAGE)
    weights = adapter.folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    with pytest.raises(TrainError, match="not those that were packaged"):
        load(adapter.folder)


def test_weights_that_never_moved_are_refused(trained, tmp_path):
    tensors = {"a.lora_A.weight": [0.5, 0.5], "a.lora_B.weight": [0.0, 0.0]}
    safetensors(trained / "adapter_model.safetensors", tensors)
    with pytest.raises(TrainError, match="every lora_B is zero"):
        package(trained, "mine", tmp_path / "adapters", LINEAGE)
    assert not (tmp_path / "adapters").exists()


@pytest.mark.parametrize(
    "name", ["adapter_model.bin", "new_embeddings.pt", "x.pkl", "run.py", ".x"]
)
def test_a_file_that_no_training_leaves_is_refused(trained, tmp_path, name):
    adapter = package(trained, "mine", tmp_path / "adapters", LINEAGE)
    (adapter.folder / name).write_bytes(b"\x80\x04")
    with pytest.raises(TrainError, match=f"holds {name}, which is no file of a packaged adapter"):
        load(adapter.folder)


def test_a_link_out_of_an_adapter_is_refused(trained, tmp_path):
    adapter = package(trained, "mine", tmp_path / "adapters", LINEAGE)
    (adapter.folder / "README.md").unlink()
    (adapter.folder / "README.md").symlink_to("/etc/passwd")
    with pytest.raises(TrainError, match=r"holds README\.md"):
        load(adapter.folder)


@pytest.mark.parametrize("name", ["../../out", "a/b", "", ".", "..", "x\n", 3, None])
def test_a_name_that_is_a_path_is_refused(trained, tmp_path, name):
    adapter = package(trained, "mine", tmp_path / "adapters", LINEAGE)
    file = adapter.folder / "lineage.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"name": name}))
    with pytest.raises(TrainError, match="is no name of an adapter"):
        load(adapter.folder)
