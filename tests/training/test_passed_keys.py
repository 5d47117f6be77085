"""Keys that a recipe gives to Axolotl as they are: what is merged, and what is refused."""

from dataclasses import replace

import pytest
import yaml

from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import TrainError
from harness_forge.training import axolotl, passed, supervised
from harness_forge.training.axolotl import PLUGIN

RENDERED = {"base_model": "/m", "plugins": [PLUGIN], "optimizer": "adamw_torch"}
LIGER = "axolotl.integrations.liger.LigerPlugin"


def test_a_recipe_changes_what_forge_only_proposes_and_adds_plugins():
    whole = passed.merged(RENDERED, {"optimizer": "adamw_8bit", "plugins": [LIGER]})
    assert whole == {"base_model": "/m", "plugins": [PLUGIN, LIGER], "optimizer": "adamw_8bit"}
    assert RENDERED["plugins"] == [PLUGIN]


@pytest.mark.parametrize(
    "key, hint",
    [
        ("micro_batch_size", "set train.micro_batch"),
        ("learning_rate", "set train.learning_rate"),
        ("train_on_inputs", "audit"),
        ("output_dir", "stopped"),
        ("peft_use_dora", "server"),
    ],
)
def test_what_forge_sets_or_promises_is_refused_with_the_reason(key, hint):
    with pytest.raises(TrainError, match=hint) as caught:
        passed.merged(RENDERED, {key: 1})
    assert caught.value.where == f"train.axolotl.{key}"


def test_settings_of_forge_that_are_named_exist():
    config = compose()
    for name in passed.SETTINGS.values():
        group, _, key = name.partition(".")
        assert hasattr(getattr(config, group), key), name


def test_packed_rows_are_kept_apart():
    packing = {"sample_packing": True}
    assert passed.merged(RENDERED, packing)["attn_implementation"] == "sdpa"
    own = {"attn_implementation": "flex_attention"}
    assert passed.merged(RENDERED, packing | own)["attn_implementation"] == "flex_attention"
    assert (
        passed.merged(RENDERED | {"attn_implementation": "eager"}, packing)["attn_implementation"]
        == "eager"
    )
    assert "attn_implementation" not in passed.merged(RENDERED, {})


def test_keys_come_from_the_command_line_and_from_a_choice():
    assert compose(overrides=["train.axolotl.optimizer=adamw_8bit"]).train.axolotl == {
        "optimizer": "adamw_8bit"
    }
    sharded = compose(overrides=["train=fsdp_qlora"]).train
    assert sharded.axolotl["fsdp_version"] == 2
    assert isinstance(sharded.axolotl["fsdp_config"], dict)


def given(config, **keys):
    return replace(config, train=replace(config.train, name="keys", axolotl=keys))


def test_keys_that_passed_are_looked_at_again_only_where_the_config_is_another(
    tmp_path, monkeypatch
):
    asked = []

    def answer(words, variables):
        asked.append(words)
        return {"known": ["optimizer"], "slips": [], "apart": True}

    monkeypatch.setattr(passed, "answer_of", answer)
    file, python = tmp_path / "axolotl.yaml", tmp_path / "python"
    python.touch()
    for text, times in (("optimizer: a", 1), ("optimizer: a", 1), ("optimizer: b", 2)):
        file.write_text(text)
        passed.check_once(file, {"optimizer": text[-1]}, python, {})
        assert len(asked) == times
    file.write_text("optimiser: a")
    for times in (3, 4):  # what was refused is asked again
        with pytest.raises(TrainError, match="no such key"):
            passed.check_once(file, {"optimiser": "a"}, python, {})
        assert len(asked) == times


@pytest.mark.workset
@pytest.mark.parametrize(
    "keys, where, what",
    [
        ({"optimiser": "adamw_8bit"}, "optimiser", r"no such key(.|\n)*optimizer"),
        pytest.param({"max_grad_norm": [1]}, "max_grad_norm", "refuses it", marks=pytest.mark.soak),
    ],
)
def test_axolotls_schema_refuses_before_anything_is_prepared(config, keys, where, what):
    job = supervised.plan(given(config, **keys))
    with pytest.raises(TrainError, match=what) as caught:
        supervised.train(given(config, **keys))
    assert where in str(caught.value)
    assert not (job.work / "prepared").exists()


@pytest.mark.soak
@pytest.mark.workset
def test_keys_of_a_plugin_are_known_where_it_is_named(config, tmp_path):
    keys = {"plugins": [LIGER], "liger_rms_norm": True, "max_grad_norm": 0.5}
    job = supervised.plan(given(config, **keys))
    assert job.key != supervised.plan(given(config)).key
    file = tmp_path / "axolotl.yaml"
    rendered = axolotl.render(job.config, job.inputs(tmp_path / "rows.jsonl"), job.seed)
    file.write_text(yaml.safe_dump(passed.merged(rendered, keys)))
    passed.check(file, keys, job.python, job.variables)
    for preset in ("fsdp_qlora", "packed"):
        given_by = compose(overrides=[f"train={preset}"]).train.axolotl
        file.write_text(yaml.safe_dump(passed.merged(rendered, given_by)))
        passed.check(file, given_by, job.python, job.variables)
    seen = {"sample_packing": True, "attn_implementation": "fp8"}
    file.write_text(yaml.safe_dump(passed.merged(rendered, seen)))
    with pytest.raises(TrainError, match="see the others of its sequence"):
        passed.check(file, seen, job.python, job.variables)
    bare = {"liger_rms_norm": True}
    file.write_text(yaml.safe_dump(passed.merged(rendered, bare)))
    with pytest.raises(TrainError, match="no such key"):
        passed.check(file, bare, job.python, job.variables)
