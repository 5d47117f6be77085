from pathlib import Path

import pytest
import yaml

from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.resolved import load_resolved, resolved_yaml, write_resolved
from harness_forge.core.errors import ConfigError

ROOT = Path(__file__).parents[3]


def test_comes_back_as_it_went(tmp_path):
    path = tmp_path / "outputs" / "resolved.yaml"
    overrides = ["format=dpo", "policy=model:x", "policy.temperature=1e-5", "run.items=['1e3',no]"]
    write_resolved(path, "target_a", overrides)
    assert load_resolved(path) == compose("target_a", overrides)


def test_sql_stays_readable():
    assert "sql: |\n" in resolved_yaml(compose(), "export")


def test_a_section_is_a_part_of_the_whole():
    config = compose()
    whole = yaml.safe_load(resolved_yaml(config))
    assert yaml.safe_load(resolved_yaml(config, "policy")) == whole["policy"]
    assert resolved_yaml(config, "policy.kind") == "gold\n"


def test_an_unknown_section_names_the_nearest():
    with pytest.raises(ConfigError) as caught:
        resolved_yaml(compose(), "exprot")
    assert str(caught.value).startswith(
        "--cfg exprot: there is no such section\n  hint: did you mean 'export'? known keys: recipe,"
    )


def test_a_fault_leaves_what_was_there(tmp_path):
    path = tmp_path / "resolved.yaml"
    write_resolved(path)
    before = path.read_bytes()
    with pytest.raises(ConfigError):
        write_resolved(path, "target_a", ["seed=x"])
    assert path.read_bytes() == before
    assert [child.name for child in tmp_path.iterdir()] == ["resolved.yaml"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seed: x\n", "resolved.yaml: seed: must be a whole number, not 'x'"),
        ("sed: 1\n", "resolved.yaml: sed: unknown key"),
        ("a: [\n", "resolved.yaml: cannot be read"),
        ("[]\n", "resolved.yaml: must be a mapping"),
    ],
)
def test_a_file_somebody_changed_is_checked_again(tmp_path, text, told):
    path = tmp_path / "resolved.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_resolved(path)
    assert told in str(caught.value)


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(ConfigError, match="is missing"):
        load_resolved(tmp_path / "resolved.yaml")


def test_one_adapter_is_not_told_of_so_that_older_pipelines_stay_up_to_date(tmp_path):
    path = tmp_path / "resolved.yaml"
    write_resolved(path, "target_a")
    assert "replicates" not in path.read_text()
    assert load_resolved(path).train.replicates == 1
    before = yaml.safe_load(path.read_text())
    write_resolved(path, "target_a", ["train.replicates=3"])
    assert load_resolved(path) == compose("target_a", ["train.replicates=3"])
    # Each stage that trains or judges all adapters lists one of these sections.
    after = yaml.safe_load(path.read_text())
    assert {name for name in after if after[name] != before[name]} == {"train", "budget"}
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    for name in ("train_sft", "replay", "promote"):
        assert {"train", "budget"} & set(stages[name]["params"][0]["outputs/resolved.yaml"])


def test_a_recipe_of_no_adapter_is_refused():
    with pytest.raises(ConfigError, match="must lie between 1 and 99, not 0"):
        compose(overrides=["train.replicates=0"])
