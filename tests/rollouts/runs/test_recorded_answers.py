"""What a replay asked is scored as it is: real store, real ledger, a world and answers of ours."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from asked_models import adapter

from harness_forge.config.policy import PolicyConfig, PolicyKind
from harness_forge.config.run import Purpose
from harness_forge.config.skill import SkillConfig
from harness_forge.config.suite import Dtype, SuiteConfig, SuiteKind
from harness_forge.evaluation import suite_run
from harness_forge.evaluation.lmeval.answers import ScoredAnswer
from harness_forge.evaluation.noise_floor import again
from harness_forge.rollouts import opening
from harness_forge.store.opening import opened_skill
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.worksets import worksets


@pytest.fixture
def scored(replays, coin, monkeypatch):
    """Returns a function that evaluates; it tells what was said and what lm-eval was given."""
    place = worksets.folder("eval", replays.home)
    (place / "bin").mkdir(parents=True)
    (place / "bin/python").touch()
    stamp = {"variant": "cpu", "digest": "v", "environment": {}}
    (place / "workset.json").write_text(json.dumps(stamp))
    coin.rules = {}
    monkeypatch.setattr("harness_forge.evaluation.questions._targets", lambda *given: {})

    def go(name="mine", split="holdout", config=replays.config, **more):
        given, said = [], []

        def answers(subject, suite, documents, parser, store, *, recorded, say, show):
            given.append(recorded)
            known = recorded.answers if recorded else {}
            return [
                ScoredAnswer(
                    d.skill, d.item_id, "p", *known.get((d.skill, d.item_id), ("", "stop")), {}
                )
                for d in documents
            ]

        monkeypatch.setattr(suite_run, "answers", answers)
        out = replays.home / "outputs"
        report = suite_run.evaluate(config, out, name, split, say=said.append, **more)
        return report, given, said

    return go


def rows(home, label):
    lines = (home / f"outputs/evaluate/{label}.jsonl").read_text().splitlines()
    return {row["item_id"]: row["answer"] for row in map(json.loads, lines)}


def replayed(home, label):
    lines = (home / f"outputs/replay/{label}.jsonl").read_text().splitlines()
    return {row["item_id"]: row["answer"] for row in map(json.loads, lines)}


def test_a_replays_answers_are_scored_item_by_item(replays, scored):
    done = replays()
    report, _, said = scored()
    for label in ("base", "adapter"):
        run = done.runs[label]["coin"]
        assert rows(replays.home, label) == replayed(replays.home, label)
        assert report["answers_of_runs"][label] == [run]
        count = len(rows(replays.home, label))
        assert f"{label}: {count} of {count} answers from run {run}" in said
    assert rows(replays.home, "base") != rows(replays.home, "adapter")


def test_one_set_of_answers_is_one_look(replays, scored):
    done = replays()
    _, _, said = scored()
    spent = [look for look in HoldoutLedger().all() if look.spends]
    assert [look.run_id for look in spent] == [done.runs["adapter"]["coin"]]
    run = spent[0].run_id
    assert f"look 1 at the coin holdout, level 0.025: the same look as that of run {run}" in said


def test_one_set_of_answers_is_one_look_after_the_ledger_was_lost(replays, scored):
    replays()
    ledger = HoldoutLedger().path
    ledger.unlink()
    scored()
    assert [look.number for look in HoldoutLedger().all() if look.spends] == [1]


def test_scores_before_the_replay_spend_the_look(replays, scored):
    _, given, _ = scored()
    assert given == [None, None]
    (look,) = [look for look in HoldoutLedger().all() if look.spends]
    assert (look.number, look.tested) == (1, False)
    assert replays().levels["coin"].number == 1


@pytest.mark.parametrize(
    "other",
    [
        {"suite": SuiteConfig(recorded=False)},
        {"suite": SuiteConfig(max_tokens=128)},
        {"suite": SuiteConfig(dtype=Dtype.bfloat16)},
        {"skill": SkillConfig(name="coin", host="Example 2")},
        {"seed": 3},
    ],
    ids=["by choice", "another limit", "another number format", "another prompt", "another seed"],
)
def test_what_was_not_asked_the_same_is_asked(replays, scored, other):
    replays()
    report, given, _ = scored(config=replace(replays.config, **other))
    assert given == [None, None]
    assert "answers_of_runs" not in report


def test_another_adapter_is_asked_and_the_base_model_is_not(replays, scored):
    done = replays()
    adapter(replays.home, "other", replays.digest, weight=0.5)
    report, given, _ = scored("other")
    assert given[0].runs == done.runs["base"]
    assert given[1] is None
    assert list(report["answers_of_runs"]) == ["base"]


def test_fewer_items_are_scored_from_the_run_of_all(replays, scored):
    replays()
    _, given, said = scored(config=replace(replays.config, suite=SuiteConfig(limit=2)))
    assert len(given[1].answers) == 2
    assert any(line.startswith("adapter: 2 of 2 answers from run ") for line in said)


def test_a_run_that_lacks_an_item_is_not_taken(replays, scored):
    replays(limit=2)
    assert scored()[1] == [None, None]


def test_a_stopped_run_is_not_taken(replays, scored, coin):
    coin.fault, coin.at = RuntimeError("boom"), coin.attempts + 4
    with pytest.raises(RuntimeError):
        replays()
    assert scored()[1] == [None, None]


def test_few_shot_answers_and_the_second_of_a_noise_floor_are_nobody_elses(replays, scored):
    few = replace(replays.config, policy=PolicyConfig(PolicyKind.model, shots=3))
    run = replace(few.run, purpose=Purpose.evaluate, split="validation")
    opening.run(replace(few, run=run))
    assert scored(split="validation")[1] == [None, None]
    floor = again(replace(replays.config, run=run), Path("aa.json"))
    assert scored(split="validation")[1][0].runs == {"coin": floor.runs["coin"][0]}


def test_a_noise_floor_of_a_suite_asks_twice(replays, scored):
    replays()
    assert scored(twice=True)[1] == [None, None]


def test_a_bundle_is_asked(replays, scored):
    replays()
    bundle = SuiteConfig(
        name="forgetting", kind=SuiteKind.bundle, path="forgetting", metrics=["score"], limit=1
    )
    assert scored(config=replace(replays.config, suite=bundle))[1] == [None, None]


def test_a_changed_answer_in_the_store_is_another_answer(replays, scored):
    """What is scored is what the store holds, not what a file beside it says."""
    done = replays()
    with opened_skill(replays.config) as store, store._transaction() as connection:
        connection.execute(
            "UPDATE turns SET response = %s WHERE run_id = %s",
            ['{"role": "assistant", "content": "half \u241b0000"}', done.runs["base"]["coin"]],
        )
    scored()
    assert set(rows(replays.home, "base").values()) == {"half \x00"}
