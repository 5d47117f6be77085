"""From a config to metrics: real store, real ledger; a world and answers of ours."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from suite_documents import ROOT, TOOL, call, load

from harness_forge.cli.evaluate import main as command
from harness_forge.cli.evaluate import render
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import SkillConfig
from harness_forge.config.store import StoreConfig
from harness_forge.config.suite import SuiteConfig
from harness_forge.core.errors import ConfigError, EvalError, TrainError, WorksetError
from harness_forge.core.records import Split, WorkItem
from harness_forge.evaluation import questions, suite_run
from harness_forge.evaluation.lmeval.answers import ScoredAnswer
from harness_forge.registry.models.folder import find_base_model
from harness_forge.rollouts import opening as worlds
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.worksets import worksets

models = load(ROOT / "tests/rollouts/runs/asked_models.py")
SPLITS = {
    "a1": Split.TRAIN, "a2": Split.VALIDATION, "a3": Split.VALIDATION, "a4": Split.HOLDOUT,
    "b1": Split.HOLDOUT, "b2": Split.QUARANTINE,
}  # fmt: skip


@pytest.fixture
def config(store_server, store, tmp_path, monkeypatch):
    """A skill of a few items, one of them without the full cycle."""
    store.upgrade("made_up")
    skill = store.skill("made_up")
    items = [WorkItem(key, f"Title {key}", "low", key[0], key, key != "a3", "d") for key in SPLITS]
    skill.upsert_items(items)
    skill.assign_splits(SPLITS, "salt")
    world = SimpleNamespace(
        tools=(TOOL,), argument="fix_script", content_digest="c", rules={}, close=lambda: None
    )
    monkeypatch.setattr(worlds, "open_environment", lambda config: world)
    return ForgeConfig(
        forge_home=str(tmp_path / "home"),
        skill=SkillConfig(name="made_up", host="Example Linux"),
        store=StoreConfig(url=store_server.url),
        model=models.base_model(tmp_path / "small"),
    )


@pytest.fixture
def asked(config, monkeypatch):
    """Let a stand-in answer; returns what it was asked, in order."""
    place = worksets.folder("eval", Path(config.forge_home))
    (place / "bin").mkdir(parents=True)
    (place / "bin/python").touch()
    stamp = {"variant": "cpu", "digest": "v", "environment": {}}
    (place / "workset.json").write_text(json.dumps(stamp))
    seen = []

    def answers(subject, suite, documents, parser, store, *, recorded, say, show):
        looks = HoldoutLedger().all()
        seen.append((subject, [d.item_id for d in documents], len(looks)))
        text = call("x") if subject.adapter else "no call"
        score = {"valid_call": float(bool(subject.adapter))}
        return [ScoredAnswer(d.skill, d.item_id, "p", text, "stop", score) for d in documents]

    monkeypatch.setattr(suite_run, "answers", answers)
    return seen


def adapter(config):
    base = find_base_model(config.model, Path(config.forge_home))
    return models.adapter(Path(config.forge_home), "mine", base.digest)


def test_what_is_asked_is_what_a_run_would_attempt(config):
    (found,) = questions.collect(config, config.suite, "validation")
    assert [(d.item_id, d.part) for d in found.documents] == [("a2", "validation")]
    (found,) = questions.collect(config, config.suite, "holdout")
    assert [(d.item_id, d.part) for d in found.documents] == [
        ("a4", "new_rule"), ("b1", "new_family"),
    ]  # fmt: skip
    assert "Example Linux" in found.documents[0].messages[0]["content"]


def test_base_and_adapter_are_scored_side_by_side(config, asked, tmp_path):
    report = suite_run.evaluate(config, tmp_path / "out", adapter(config).name, "holdout")
    assert report == json.loads((tmp_path / "out/evaluate.json").read_text())
    assert report["labels"]["adapter"]["new_rule"]["valid_call"] == 1.0
    assert report["labels"]["base"]["all"]["valid_call"] == 0.0
    assert "  adapter     new_family         1         100.0%" in render(report)
    rows = [json.loads(r) for r in (tmp_path / "out/evaluate/base.jsonl").read_text().splitlines()]
    assert [(r["item_id"], r["failure"], r["script"]) for r in rows] == [
        ("a4", "no_call", None), ("b1", "no_call", None),
    ]  # fmt: skip
    rows = (tmp_path / "out/evaluate/adapter.jsonl").read_text().splitlines()
    assert json.loads(rows[0])["script"] == "x"


def test_a_look_at_the_holdout_is_written_down_before_anything_is_asked(config, asked, tmp_path):
    mine = adapter(config)
    for _ in range(2):
        suite_run.evaluate(config, tmp_path / "out", "mine", "holdout")
    looks = HoldoutLedger().all()
    assert [(look.candidate, look.size) for look in looks] == [(None, 2), (mine.digest, 2)]
    assert looks[1].label == f"lm-eval:{mine.folder.name}"
    assert [written for _, _, written in asked] == [1, 2, 2, 2]


def test_another_split_is_no_look(config, asked, tmp_path):
    suite_run.evaluate(config, tmp_path / "out")
    assert not HoldoutLedger().all()


def test_the_command_keeps_other_splits_apart(config, asked, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("harness_forge.cli.composed", lambda words: config)
    monkeypatch.chdir(tmp_path)
    assert command([]) == 0
    names = sorted(path.name for path in (tmp_path / "outputs").iterdir())
    assert names == ["evaluate-validation", "evaluate-validation.json"]
    assert "tool_call v2 on validation" in capsys.readouterr().out


def test_an_adapter_of_before_does_not_stay_beside_a_new_base(config, asked, tmp_path):
    adapter(config)
    suite_run.evaluate(config, tmp_path / "out", "mine")
    suite_run.evaluate(config, tmp_path / "out")
    place = tmp_path / "out/evaluate"
    assert [path.name for path in place.iterdir()] == ["base.jsonl"]


def test_a_checkpoint_without_lineage_is_taken_as_it_is(config, asked, tmp_path):
    source = adapter(config).folder
    (source / "lineage.json").unlink()
    suite_run.evaluate(config, tmp_path / "out", str(source))
    assert asked[1][0].adapter == source


def test_a_missing_workset_is_told_first(config, tmp_path):
    with pytest.raises(WorksetError, match="workset eval: is not installed"):
        suite_run.evaluate(config, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_adapter_is_refused(config, asked, tmp_path):
    weights = adapter(config).folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(TrainError, match="is damaged"):
        suite_run.evaluate(config, tmp_path / "out", "mine")
    assert not asked


def test_an_adapter_of_another_base_model_is_refused(config, asked, tmp_path):
    models.adapter(Path(config.forge_home), "other", "e" * 64)
    with pytest.raises(EvalError, match="was trained on A small model, not on this small"):
        suite_run.evaluate(config, tmp_path / "out", "other")


def test_an_empty_split_is_told(config):
    with pytest.raises(EvalError, match="no work item of empty is in it"):
        other = ForgeConfig(skill=SkillConfig(name="empty", host="x"), store=config.store)
        questions.collect(other, other.suite, "validation")


@pytest.mark.parametrize("split", ["holduot", "quarantine"])
def test_an_unknown_split_is_told(split):
    with pytest.raises(ConfigError, match="there is no such split to ask on"):
        questions.collect(ForgeConfig(), SuiteConfig(), split)


def test_limit_takes_the_first_items(config):
    few = replace(config, suite=SuiteConfig(limit=1))
    (found,) = questions.collect(few, few.suite, "holdout")
    assert [d.item_id for d in found.documents] == ["a4"]
