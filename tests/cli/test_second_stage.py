"""The stages pairs and train_dpo: for recipes that name preference pairs, and for all others."""

import json

import pytest

from harness_forge.cli import stages
from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.resolved import write_resolved
from harness_forge.config.export import ExportKind
from harness_forge.config.several import exports_of, preferences_of
from harness_forge.core.errors import ConfigError
from harness_forge.registry.current import trained_folder


def test_a_recipe_that_names_no_pairs_leaves_a_note_in_both_stages(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    resolved, outputs = tmp_path / "resolved.yaml", tmp_path / "outputs"
    write_resolved(resolved, "target_a")
    assert stages.pairs(resolved, tmp_path / "data/pairs") is None
    assert stages.train_dpo(resolved, outputs / "adapters/dpo") is None
    for folder in ("data/pairs", "outputs/adapters/dpo", "outputs/live/dpo"):
        # DVC warns of an empty folder.
        assert [one.name for one in (tmp_path / folder).iterdir()] == [stages.NONE]
    for file in ("train_dpo.json", "metrics/train_dpo.json"):
        assert json.loads((outputs / file).read_text()) == {}
    # What comes after means the adapter of the first stage.
    assert trained_folder(outputs) == outputs / "adapters/sft"


def test_a_recipe_that_names_pairs_exports_them_beside_its_examples():
    config = preferences_of(compose("sft_then_dpo"), "pairs")
    (role, one), *others = exports_of(config).items()
    assert (role, one.kind, config.export.name, others) == ("worker", ExportKind.dpo, "pairs", [])
    assert config.format.name == "dpo"
    # The first stage selects gold answers; pairs need those that failed.
    assert compose("sft_then_dpo").export.select.policy == ["gold"]
    assert one.select.policy == []


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("train.replicates=2", "`preferences` and replicates do not go together"),
        (
            "preferences.worker.kind=kto",
            "must be dpo, not kto",
        ),
    ],
)
def test_a_second_stage_that_cannot_be_is_refused(override, told):
    with pytest.raises(ConfigError, match=told):
        preferences_of(compose("sft_then_dpo", [override]), "pairs")
