"""Several suites in one evaluation: a stand-in answers, everything else is real."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from suite_documents import ROOT, load

from harness_forge.cli.evaluate import render
from harness_forge.config.compose.engine import compose
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.suite import SuiteConfig, SuiteKind
from harness_forge.core.errors import EvalError
from harness_forge.evaluation import suite_run
from harness_forge.evaluation.lmeval import summary
from harness_forge.evaluation.lmeval.answers import ScoredAnswer, read_samples
from harness_forge.evaluation.lmeval.folder import Document
from harness_forge.promotion.rules import scores
from harness_forge.promotion.rules.decision import DecisionOutcome, apply_rule
from harness_forge.promotion.rules.evidence import Evidence
from harness_forge.registry.adapters.identity import AdapterIdentity
from harness_forge.rollouts.environments.sandbox.tools import folder_of
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.worksets import worksets

models = load(ROOT / "tests/rollouts/runs/asked_models.py")


def bundle(name, metrics=("score",), **changes):
    return SuiteConfig(name=name, kind=SuiteKind.bundle, metrics=list(metrics), **changes)


SUITES = {
    "aither": bundle("aither", limit=2, thresholds={"overall": 0.7, "each": 0.3}),
    "bead_lifecycle": bundle("bead_lifecycle", ("completed", "score")),
}


@pytest.fixture
def config(tmp_path):
    home = tmp_path / "home"
    place = worksets.folder("eval", home)
    (place / "bin").mkdir(parents=True)
    (place / "bin/python").touch()
    stamp = {"variant": "cpu", "digest": "v", "environment": {}}
    (place / "workset.json").write_text(json.dumps(stamp))
    return ForgeConfig(
        forge_home=str(home),
        model=models.base_model(tmp_path / "small"),
        suite=SuiteConfig(name="both"),
        suites=SUITES,
    )


@pytest.fixture
def asked(monkeypatch):
    """Let a stand-in answer: the base model is wrong on the last step of each bead."""
    seen = []

    def answers(subject, suite, documents, parser, store, *, recorded, say, show):
        seen.append((suite.name, bool(subject.adapter), [one.item_id for one in documents]))
        return [
            ScoredAnswer(one.skill, one.item_id, "p", "a", "stop",
                   {"score": float(bool(subject.adapter) or not one.item_id.endswith("close"))})
            for one in documents
        ]  # fmt: skip

    monkeypatch.setattr(suite_run, "answers", answers)
    return seen


def adapter(config):
    base = suite_run.folder.find_base_model(config.model, Path(config.forge_home))
    return models.adapter(Path(config.forge_home), "mine", base.digest)


def test_every_suite_is_asked_of_both_with_the_same_items_in_the_same_order(
    config, asked, tmp_path
):
    adapter(config)
    report = suite_run.evaluate(config, tmp_path / "out", "mine")
    assert [(name, tuned) for name, tuned, _ in asked] == [
        ("aither", False), ("aither", True), ("bead_lifecycle", False), ("bead_lifecycle", True),
    ]  # fmt: skip
    assert asked[0][2] == asked[1][2]
    assert asked[2][2] == asked[3][2]
    assert report == json.loads((tmp_path / "out/evaluate.json").read_text())
    assert list(scores.suites(report)) == ["aither", "bead_lifecycle"]
    assert scores.categories(report["suites"]["aither"])[0] == "intent_classification"
    files = sorted(str(p.relative_to(tmp_path / "out")) for p in tmp_path.rglob("out/**/*.jsonl"))
    assert files == [
        f"evaluate/{suite}/{label}.jsonl" for suite in SUITES for label in ("adapter", "base")
    ]
    # Who reads one suite only, as the report page does, reads the first.
    assert report["labels"] == report["suites"]["aither"]["labels"]


def test_a_bead_is_completed_where_every_step_is_right(config, asked, tmp_path):
    adapter(config)
    report = suite_run.evaluate(config, tmp_path / "out", "mine")["suites"]["bead_lifecycle"]
    base, tuned = (report["labels"][label]["all"] for label in ("base", "adapter"))
    assert (base["completed"], base["completed_items"], base["score"]) == (0.0, 18, 0.75)
    assert (tuned["completed"], tuned["items"]) == (1.0, 72)
    assert report["categories"]["base"]["close"]["score"] == 0.0
    shown = render(report)
    assert "completed is over 18 of 72 items: it counts beads" in shown
    assert "  base        close" in shown


def test_a_metric_that_no_item_has_is_said_not_to_apply():
    suite = SuiteConfig(metrics=["valid_call", "script_parses"])
    document = Document("s", "i", "", "", "", "validation", (), ())
    answer = ScoredAnswer("s", "i", "p", "a", "stop", {"valid_call": 1.0})
    shown = render(summary.report(suite, "validation", [document], {"base": [answer]}))
    assert "  script_parses does not apply: the tool takes no shell script" in shown
    assert "is over" not in shown


def test_a_suite_that_dies_half_way_leaves_no_evaluation(config, asked, tmp_path, monkeypatch):
    whole = suite_run.answers

    def dies(subject, suite, *rest, **more):
        if suite.name == "bead_lifecycle":
            raise EvalError("lm-eval", "was killed")
        return whole(subject, suite, *rest, **more)

    monkeypatch.setattr(suite_run, "answers", dies)
    with pytest.raises(EvalError, match="lm-eval: was killed"):
        suite_run.evaluate(config, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_model_asked_twice_tells_what_moves_by_itself(config, asked, tmp_path, monkeypatch):
    sizes = []

    def answers(subject, suite, documents, *rest, **more):
        sizes.append(suite.batch_size)
        # In the second asking the first item flips, and the second one says it otherwise.
        return [
            ScoredAnswer(one.skill, one.item_id, "p", f"{at == 1 and len(sizes) % 2}", "stop",
                   {"score": float(at == 0 and len(sizes) % 2)})
            for at, one in enumerate(documents)
        ]  # fmt: skip

    monkeypatch.setattr(suite_run, "answers", answers)
    only = replace(config, suites={"aither": SUITES["aither"]})
    report = suite_run.evaluate(only, tmp_path / "out", name="evaluate-aa", twice=True)
    assert sizes == [16, 8]
    labels = {label: parts["all"]["score"] for label, parts in report["labels"].items()}
    assert labels == {"first": 0.055556, "again": 0.0, "change": 0.055556}
    assert report["categories"]["change"]["intent_classification"]["score"] == 0.5
    assert (len(report["flips"]), report["other_words"]) == (1, 1)
    assert "1 of 18 items flip; 1 answers are not the same to the letter" in render(report)
    assert json.loads((tmp_path / "out/evaluate-aa.json").read_text()) == report


def test_what_cannot_be_asked_is_told_before_anything_is(config, asked, tmp_path):
    missing = config.suites | {"mmlu": SuiteConfig(name="mmlu", kind=SuiteKind.mmlu)}
    with pytest.raises(EvalError, match="suite mmlu: needs a local copy"):
        suite_run.evaluate(replace(config, suites=missing), tmp_path / "out")
    assert not asked


def test_a_label_that_was_asked_other_items_is_refused(config, asked, tmp_path, monkeypatch):
    monkeypatch.setattr(
        suite_run, "answers", lambda *some, **more: [ScoredAnswer("x", "y", "p", "a", "stop", {})]
    )
    with pytest.raises(EvalError, match="suite aither: base was not asked the suite's items"):
        suite_run.evaluate(config, tmp_path / "out")


def test_local_files_are_no_look_at_the_holdout(config, asked, tmp_path):
    report = suite_run.evaluate(config, tmp_path / "out", split="holdout")
    assert report["split"] == "fixed"
    assert not HoldoutLedger().all()


def document(name, category="c", bead=""):
    return Document("s", name, name, "f", "g", "fixed", [], [], category=category, bead=bead)


def given(name, score, **changes):
    return ScoredAnswer("s", name, "p", "a", "stop", {"score": score}, **changes)


def reported(documents, base, adapter, **changes):
    found = {"base": base, "adapter": adapter}
    return summary.report(bundle("s", **changes), "fixed", documents, found)


def test_weights_make_the_score_a_mean_of_categories():
    documents = [document("a", "c"), document("b", "c"), document("d", "e")]
    answers = [given("a", 1.0), given("b", 1.0), given("d", 0.0)]
    report = reported(documents, answers, answers, weights={"c": 1.0, "e": 3.0})
    whole = report["labels"]["base"]["all"]
    # 4^2 / (1/2 + 9/1): as sure as one item.
    assert (whole["score"], whole["score_items"], whole["items"]) == (0.25, 1, 3)
    even = reported(documents, answers, answers, weights={"c": 2.0, "e": 1.0})
    assert even["labels"]["base"]["all"] == {"items": 3, "score": 0.666667}


def test_what_is_below_its_threshold_is_named():
    documents = [document("a", "c"), document("d", "e")]
    bars = {"overall": 0.7, "each": 0.3, "c": 1.0}
    report = reported(
        documents, [given("a", 1.0), given("d", 0.0)], [given("a", 1.0), given("d", 1.0)],
        thresholds=bars,
    )  # fmt: skip
    assert report["below"] == {"base": ["e", "overall"], "adapter": []}
    assert "base is below the suite's threshold on: e, overall" in render(report)


def test_faults_of_the_machine_leave_in_pairs_and_are_counted():
    documents = [document("a"), document("b"), document("d")]
    base = [given("a", 1.0), given("b", 0.0), given("d", 1.0, infrastructure=True)]
    tuned = [given("a", 1.0), given("b", 1.0, infrastructure=True), given("d", 1.0)]
    report = reported(documents, base, tuned)
    for label in ("base", "adapter"):
        assert report["labels"][label]["all"] == {"items": 1, "score": 1.0, "infrastructure": 2}
        assert report["categories"][label]["c"]["items"] == 1
    assert "2 items left out of every label" in render(report)


def test_scores_of_other_items_are_not_compared():
    one = reported([document("a")], [given("a", 1.0)], [given("a", 1.0)])
    other = reported([document("b")], [given("b", 1.0)], [given("b", 1.0)])
    assert not scores.same_items(one, one, "all", "")
    assert "they differ in fingerprint" in scores.same_items(one, other, "all", "")


SAMPLE = {
    "doc": {"skill": "s", "item_id": "a"},
    "resps": [["text"]],
    "arguments": {"gen_args_0": {"arg_0": "p"}},
    "score": 1.0,
}
CHOSEN = SAMPLE | {
    "doc": SAMPLE["doc"] | {"choices": ["A", "B"]},
    "resps": [[[-2.0, False]], [["-1.5", "True"]]],
}


def sampled(folder, sample):
    (folder / "samples_x.jsonl").write_text(json.dumps(sample) + "\n")
    return read_samples(folder, ["score"])


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.5, 2, "1", None])
def test_a_score_that_is_none_is_told(tmp_path, value):
    with pytest.raises(EvalError, match="score of a is"):
        sampled(tmp_path, SAMPLE | {"score": value})


def test_the_likeliest_choice_is_the_answer(tmp_path):
    (found,) = sampled(tmp_path, CHOSEN)
    assert found.answer == "B"
    with pytest.raises(EvalError, match="a likelihood is nan"):
        sampled(tmp_path, CHOSEN | {"resps": [[["nan", "False"]], [[-1.0, True]]]})


def test_without_a_sandbox_nothing_is_asked_that_would_need_one(config, asked, tmp_path):
    row = {"task_id": "T/0", "prompt": "def f():\n", "entry_point": "f", "test": "x"}
    (tmp_path / "HumanEval.jsonl").write_text(json.dumps(row))
    human = SuiteConfig(name="humaneval", kind=SuiteKind.humaneval, path=str(tmp_path),
                        metrics=["pass_at_1"])  # fmt: skip
    assert not folder_of(Path(config.forge_home)).exists()
    with pytest.raises(EvalError, match="humaneval: needs the sandbox"):
        suite_run.evaluate(replace(config, suite=human, suites={}), tmp_path / "out")
    assert not asked


@pytest.mark.parametrize("name", ["b4mad", "aither"])
def test_the_rule_of_a_suites_name_decides_on_it(config, asked, tmp_path, name):
    chosen = compose(None, [f"suite={name}", f"promote={name}"])
    mine = adapter(config)
    both = replace(config, suite=chosen.suite, suites=chosen.suites)
    report = suite_run.evaluate(both, tmp_path / "out", "mine")
    candidate = AdapterIdentity(mine.folder.name, mine.digest)
    proof = {"adapter": report["candidate"], "logits": {"kl_nats": 0.2}, "passed": True}
    evidence = Evidence(candidate=candidate, replay=None, evaluate=report, prove=proof,
                        champion=None, alpha=0.025)  # fmt: skip
    ruling = apply_rule(chosen.promote, evidence)
    assert ruling.outcome is DecisionOutcome.PROMOTED, ruling
    text = json.dumps(report)
    swapped = text.replace('"base": {', '"X": {').replace('"adapter": {', '"base": {')
    worse = {
        "aither": text.replace('"score": 1.0', '"score": 0.6'),
        "b4mad": swapped.replace('"X": {', '"adapter": {'),
    }
    spoilt = replace(evidence, evaluate=json.loads(worse[name]))
    assert apply_rule(chosen.promote, spoilt).outcome is DecisionOutcome.REJECTED
