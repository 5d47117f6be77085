"""Merged adapters: what may be merged, what comes out, and what it says of itself."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from loop_files import LINEAGE
from whole_adapters import matrices, packaged, raw

from harness_forge import cli
from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import ConfigError, TrainError
from harness_forge.registry.adapters import taint
from harness_forge.registry.adapters.package import BOM, CONFIG, package
from harness_forge.training import merging

CHECK = Path(__file__).with_name("merge_check.py")
WORKER = Path(merging.__file__).with_name("merge_worker.py")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def merged(*parents, name="both", **keys):
    words = [f"{key.replace('__', '.')}={value}" for key, value in keys.items()]
    return merging.merge(compose(None, ["forge_home=home", *words]), parents, name)


def other(place, tensors=None, lineage=None, **facts):
    """Package an adapter that may differ in matrices, lineage and config."""
    source = raw(place / "raw" / "other", tensors or matrices(0.5), **facts)
    return package(source, "other", place / "adapters", LINEAGE | (lineage or {}))


@pytest.fixture
def pair(place):
    return packaged(place), packaged(place, "other", 0.5)


REFUSED = {
    "another base": (
        {"lineage": {"base": LINEAGE["base"] | {"digest": "c" * 64}}},
        "different base models: small (bbbbbbbbbbbb), small (cccccccccccc)\n"
        "  hint: `forge adapter rebase other on=mine` trains the second on the first",
    ),
    "another template": (
        {"lineage": {"base": LINEAGE["base"] | {"template": "t"}}},
        "were trained with different chat templates",
    ),
    "other layers": (
        {"tensors": {n.replace("v_proj", "o_proj"): t for n, t in matrices(0.5).items()},
         "target_modules": ["q_proj", "o_proj"]},
        "are on different layers, such as base_model.model.model.layers.0.self_attn.o_proj\n"
        "  hint: train one again with the other's model.target_modules",
    ),
    "more than LoRA": ({"use_dora": True}, f"is more than plain LoRA: use_dora in {CONFIG}"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_with_what_and_remedy(place, case):
    given, said = REFUSED[case]
    one = packaged(place)
    with pytest.raises(TrainError) as error:
        merged(one, other(place, **given))
    assert said in str(error.value)
    assert not (place / "adapters" / "both").exists()


def test_prompts_of_two_kinds_are_refused(place):
    kinds = [{"dataset": LINEAGE["dataset"] | {"prompt_contexts": [kind]}} for kind in "ab"]
    first, second = packaged(place, **kinds[0]), other(place, lineage=kinds[1])
    with pytest.raises(TrainError, match=r"prompts of different kinds \(prompt.context=a and b\)"):
        merged(first, second)


def test_two_ranks_are_refused_by_methods_that_take_one(place):
    wide = {n: np.concatenate([t, t], axis=int("lora_B" in n)) for n, t in matrices(0.5).items()}
    first, second = packaged(place), other(place, tensors=wide, r=4)
    with pytest.raises(TrainError) as error:
        merged(first, second, merge__method="ties")
    assert str(error.value) == (
        "merge.method: ties takes one rank, and theirs are 2 and 4\n"
        "  hint: merge.method=cat or svd takes any"
    )


def test_weights_have_to_be_one_for_each_and_above_0(pair):
    with pytest.raises(TrainError, match="has 3 weights for 2 adapters"):
        merged(*pair, merge__weights=[1, 1, 1])
    with pytest.raises(ConfigError, match="must be above 0"):
        merged(*pair, merge__weights=[1, -1])


def test_one_adapter_twice_and_the_name_of_a_part_are_refused(pair):
    with pytest.raises(TrainError, match="takes different adapters"):
        merged(pair[0], pair[0])
    with pytest.raises(TrainError, match="is the name of one of them"):
        merged(*pair, name="mine")


def test_a_tainted_part_is_refused(place, pair):
    (source,) = (one for one in taint.trained(place) if one.label == pair[0].label)
    taint.mark(place, source, "asked to", "2026-11-21T00:00:00Z")
    with pytest.raises(TrainError, match="is tainted: rows that it was trained on"):
        merged(*pair)


def test_an_unsigned_part_is_refused_where_signatures_are_asked_for(pair):
    with pytest.raises(ConfigError, match=r"signing\.required"):
        merged(*pair, signing__required="true")


def test_the_command_needs_two_names_and_one_for_the_result(place, capsys):
    for words, said in (
        (["merge", "mine", "as=both"], "merge takes 2 names or more"),
        (["merge", "mine", "other"], "what is the merged adapter called?"),
        (["rebase", "mine"], "what is it put on?\n  hint: forge adapter rebase mine on=SHARED"),
        (["rebase", "on=mine"], "rebase takes 1 name\n  hint: forge adapter rebase NAME on=SHARED"),
        (["ls", "--remove"], "unknown flag '--remove'"),
    ):
        assert cli.main(["adapter", *words, "forge_home=home"]) == 2
        assert said in capsys.readouterr().err


@pytest.fixture
def joined(pair, monkeypatch):
    """A merge whose matrices a stand-in for the worker made: what it says of itself."""
    first, second = pair

    def ran(python, variables, job):
        Path(job["out"]).write_bytes((second.folder / "adapter_model.safetensors").read_bytes())
        return {"rank": 2, "distance": 0.25}

    monkeypatch.setattr(merging, "python_of", lambda *_: Path("python"))
    monkeypatch.setattr(merging, "environment_of", lambda *_: {})
    monkeypatch.setattr(merging, "_run", ran)
    keys = {"merge__method": "dare_ties", "merge__weights": [1, 0.5], "merge__density": 0.7}
    done = merged(first, second, **keys)
    assert merged(first, second, **keys).new is False
    return done.adapter


def test_it_counts_whatever_was_true_of_a_part(place):
    data = LINEAGE["dataset"]
    lineages = [
        {"dataset": data | {"splits": ["train"], "manifest": "1", "skills": ["a"], "roles": ["w"]}},
        {"dataset": data | {"splits": ["train", "validation"], "manifest": "2", "skills": ["b"]},
         "train": LINEAGE["train"] | {"adapter": "qlora"}},
    ]  # fmt: skip
    parents = [packaged(place, **lineages[0]), other(place, lineage=lineages[1])]
    config = compose(None, ["forge_home=home"])
    settings = {"method": "cat", "weights": [1.0, 1.0]}
    found = merging._lineage(config, parents, "k", settings, {"rank": 4, "distance": 0.0})
    assert found["dataset"]["splits"] == ["train", "validation"]
    assert found["dataset"]["manifests"] == ["1", "2"]
    assert (found["dataset"]["skills"], found["dataset"]["roles"]) == (["a", "b"], ["w"])
    assert found["audit"] == {"rows": 6, "tokens": 60, "trained": 18}
    assert found["train"]["adapter"] == "qlora"
    unchecked = replace(parents[1], lineage=parents[1].lineage | {"audit": {}})
    done = {"rank": 4, "distance": 0.0}
    found = merging._lineage(config, [parents[0], unchecked], "k", settings, done)
    assert found["audit"] == {}  # so that `forge prove` refuses it


def test_card_and_bill_name_both_parts_with_their_weights(joined, pair):
    card = (joined.folder / "README.md").read_text()
    assert "Made by `forge adapter merge`" in card
    for one, weight in zip(pair, ("1", "0.5"), strict=True):
        assert f"| merged of | {one.name} (`{one.digest[:12]}`), weight {weight} |" in card
    assert "| method | dare_ties, density 0.7; 25.0% away from the weighted sum" in card
    bill = json.loads((joined.folder / BOM).read_text())
    parents = [one for one in bill["components"] if one["bom-ref"].startswith("parent")]
    assert [one["version"] for one in parents] == [one.digest[:12] for one in pair]
    method = {"name": "harness-forge:method", "value": "merge of adapters (dare_ties)"}
    assert method in bill["metadata"]["component"]["properties"]


def test_it_is_found_by_its_name_shown_and_not_decided_on(joined, place, capsys):
    assert cli.main(["adapter", "show", "both", "forge_home=home"]) == 0
    shown = capsys.readouterr().out
    assert "merged by  dare_ties, weights 1, 0.5" in shown
    assert "decision   none yet" in shown


def test_rows_that_a_part_learned_taint_it(joined, place, pair):
    found = taint.trained(place)
    (whole,) = (one for one in found if one.label == joined.label)
    assert whole.remake == "`forge adapter merge mine other as=both`"
    assert set(whole.parents) == {one.digest for one in pair}


def test_the_layer_worker_needs_nothing_of_forge():
    assert "harness_forge" not in WORKER.read_text().replace("imports nothing of harness_forge", "")


@pytest.mark.workset
def test_logits_are_those_of_both_adapters_or_as_far_off_as_is_said(child):
    found = json.loads(child(CHECK, WORKER).splitlines()[-1])
    assert found["moves"] > 0.1  # an adapter that does nothing would equal anything
    for exact in ("alone", "half_twice", "cat", "svd_wide"):
        assert found[exact] < 1e-4, exact
    for label in ("cat_", "svd_wide_"):
        assert found[label]["distance"] < 1e-5
    for method in ("linear", "svd", "ties", "ties_svd", "dare_linear", "dare_ties"):
        assert found[method] > 1e-3, method
        assert found[f"{method}_"]["distance"] > 0.01
    assert (found["cat_"]["rank"], found["linear_"]["rank"], found["svd_"]["rank"]) == (8, 4, 4)
    assert found["ranks_"]["rank"] == 12
    assert found["same_seed"] == 0
