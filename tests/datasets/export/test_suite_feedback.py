"""`feedback=suite`: what lm-eval's suites say of validation weights training rows; nothing else."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from nights import copies, lines

from harness_forge import cli
from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import ConfigError
from harness_forge.datasets.audit.audit import audit
from harness_forge.datasets.feedback import run_evidence


@pytest.fixture
def words(store, tmp_path):
    return [
        "role=worker", "skill=stig", f"store.url='{store.url}'", f"data_dir={tmp_path / 'data'}",
        f"forge_home={tmp_path}", "feedback=suite", "filters=none", "redaction=off",
        "engine.workers=0", f"feedback.evaluation={tmp_path / 'evaluate-validation'}",
        "feedback.metric=valid_call", "feedback.prior=0", "feedback.share=0.5",
    ]  # fmt: skip


@pytest.fixture
def evaluated(nights, tmp_path):
    """Write an evaluation: an adapter that fails where an item's name holds a word."""

    def write(*failed, split="validation", base=1.0, kind="worker", name="", **changes):
        place = tmp_path / "evaluate-validation"
        folder = place / name if name else place
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        items = [item for item in nights.items if f"_{split}" in item]
        for label in ("base", "adapter"):
            score = dict.fromkeys(items, base)
            if label == "adapter":
                score = {item: float(not any(w in item for w in failed)) for item in items}
            rows = [row(nights.items[item], split, score[item], kind) for item in items]
            text = "".join(json.dumps(one) + "\n" for one in rows)
            (folder / f"{label}.jsonl").write_text(text)
        report = {
            "suite": name or "tool_call", "kind": kind, "metrics": ["valid_call", "names_target"],
            "split": split, "labels": {"base": {}, "adapter": {}},
            "candidate": {"name": "mine", "digest": "d"},
        } | changes  # fmt: skip
        (tmp_path / "evaluate-validation.json").write_text(json.dumps(report))
        return report

    return write


def row(item, split, score, kind):
    asked = kind != "worker"
    return {
        "skill": "stig", "item_id": f"{item.item_id}@7" if asked else item.item_id,
        "title": item.item_id if asked else item.title, "family": item.family,
        "group_key": item.group_key, "part": split, "scores": {"valid_call": score},
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["worker", "architect"])
def test_rows_of_a_family_that_a_suite_fails_stand_more_often(nights, evaluated, export, kind):
    evaluated("net", kind=kind, base=0.0)
    report, manifest = export()
    assert copies(report) == {"net": 20, "disk": 10}
    told = manifest["feedback"]
    (source,) = told["sources"]
    assert (source["policy"], source["against"]) == ("model:mine", "base")
    assert source["run_id"].startswith("lm-eval-")
    assert told["families"] == [
        {"skill": "stig", "family": "net", "weight": 2.0, "items": 4, "failed": 4, "lost": 0}
    ]
    assert [one for one in audit(report.path) if not one.holds] == []


def test_what_the_base_model_passed_is_lost(nights, evaluated, export):
    evaluated("net_validation0", base=1.0)
    report, _ = export()
    assert [one["item_id"] for one in lines(report, "feedback.jsonl") if one["lost"]] == [
        "net_validation0"
    ]


def test_without_an_evaluation_nothing_is_weighted(nights, export):
    report, manifest = export()
    assert copies(report) == {"net": 10, "disk": 10}
    assert manifest["notes"][-1] == "no validation run was there to weight rows by"


def test_one_that_looked_at_the_holdout_is_refused(nights, evaluated, export, tmp_path):
    told = evaluated("net", split="holdout")
    with pytest.raises(ConfigError, match="is of holdout: only validation may be learned from"):
        export()
    # Nor is one believed that says it did not.
    (tmp_path / "evaluate-validation.json").write_text(json.dumps(told | {"split": "validation"}))
    with pytest.raises(ConfigError, match="net_holdout0 is of holdout, not for validation"):
        export()


def test_an_item_that_was_moved_to_the_holdout_refuses_all_of_it(nights, evaluated, export):
    evaluated("net")
    nights.skill.regroup({"net_validation0": "group_net_holdout0"})
    with pytest.raises(ConfigError, match="net_validation0 is of holdout, not for validation"):
        export()


def test_suites_of_local_files_weight_nothing(nights, evaluated, export, tmp_path):
    own = evaluated("net", base=0.0, name="tool_call")
    fixed = evaluated("disk", kind="bundle", name="aither") | {"split": "fixed"}
    both = own | {"suites": {"tool_call": own, "aither": fixed}}
    (tmp_path / "evaluate-validation.json").write_text(json.dumps(both))
    assert copies(export()[0]) == {"net": 20, "disk": 10}
    (tmp_path / "evaluate-validation.json").write_text(json.dumps(fixed))
    with pytest.raises(ConfigError, match="has no suite with metric valid_call"):
        export()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"suite": "x", "split": "validation"}'])
def test_a_damaged_evaluation_is_one_error(nights, export, tmp_path, text):
    (tmp_path / "evaluate-validation.json").write_text(text)
    with pytest.raises(ConfigError, match="cannot be read"):
        export()


def test_another_evaluation_is_another_watermark(nights, evaluated, words, store):
    config = compose(None, words)
    assert run_evidence.fingerprint(config, store) == ""
    evaluated("net")
    first = run_evidence.fingerprint(config, store)
    evaluated("disk")
    assert first
    assert run_evidence.fingerprint(config, store) not in ("", first)


def test_a_user_gives_it_by_name(nights, evaluated, words, capsys):
    evaluated("net", base=0.0)
    assert cli.main(["export", *words, "--dry-run"]) == 0
    assert re.search(r"train examples +30\n", capsys.readouterr().out)
