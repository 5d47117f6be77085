"""What a store knows of held-out items: scripts that passed, verdicts, reflections."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from harnesses import Harness
from suite_documents import TOOL

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import SkillConfig
from harness_forge.config.store import StoreConfig
from harness_forge.config.suite import SuiteConfig, SuiteKind
from harness_forge.core.errors import EvalError
from harness_forge.core.records import Origin, Split
from harness_forge.evaluation.questions import collect
from harness_forge.rollouts import opening as worlds

ARCHITECT = SuiteConfig(name="architect", kind=SuiteKind.architect, metrics=["verdict_right"])
AUDITOR = SuiteConfig(name="auditor", kind=SuiteKind.auditor, metrics=["verdict_right"])
REFLECTOR = SuiteConfig(name="reflector", kind=SuiteKind.reflector, metrics=["well_formed"])


@pytest.fixture
def harness(store, tmp_path):
    store.upgrade("made_up")
    return Harness(store.skill("made_up"), tmp_path)


@pytest.fixture
def config(store_server, harness, monkeypatch):
    world = SimpleNamespace(
        tools=(TOOL,), argument="fix_script", content_digest="c", rules={}, close=lambda: None
    )
    monkeypatch.setattr(worlds, "open_environment", lambda config: world)
    return ForgeConfig(
        skill=SkillConfig(name="made_up", host="h"), store=StoreConfig(url=store_server.url)
    )


def asked(config, suite, split="holdout"):
    (found,) = collect(config, suite, split)
    return found


def said(harness, item, words, number=0, **changes):
    """Record an attempt of a model, with a turn of the architect about it."""
    turn = {
        "agent": "architect",
        "messages": [{"role": "user", "content": f"{item.item_id}, attempt {number}"}],
        "tools": (),
        "response": {"role": "assistant", "content": words},
        "finish_reason": "stop",
    }
    settings = {"policy": "model:m", "origin": Origin.MODEL, "passed": False} | changes
    harness.attempt(item, words, reflector=turn, **settings)


def test_references_are_the_teachers_scripts_that_passed(config, harness):
    item = harness.item("a", Split.HOLDOUT)
    harness.attempt(item, "good")
    harness.attempt(item, "good")
    harness.attempt(item, "content's", origin=Origin.CONTENT)
    harness.attempt(item, "bad", passed=False)
    harness.attempt(item, "lucky", policy="model:m", origin=Origin.MODEL)
    (found,) = asked(config, SuiteConfig()).documents
    assert found.references == ["content's", "good"]


def test_to_go_on_is_right_where_the_run_passed_later(config, harness):
    item = harness.item("a", Split.HOLDOUT)
    said(harness, item, "VERDICT: ESCALATE")
    harness.attempt(item, "at last", policy="model:m", origin=Origin.MODEL)
    found = asked(config, ARCHITECT)
    assert [one.check["right"] for one in found.documents] == [["CONTINUE", "PIVOT"]]
    assert (found.documents[0].title, found.items) == ("a", ["a"])
    assert found.documents[0].messages == [{"role": "user", "content": "a, attempt 0"}]


def test_to_give_up_is_right_where_models_tried_often_and_never_passed(config, harness):
    item, open_ = harness.item("a", Split.HOLDOUT), harness.item("b", Split.HOLDOUT)
    for number in range(3):
        said(harness, item, "VERDICT: CONTINUE", number)
    said(harness, open_, "VERDICT: PIVOT")
    found = asked(config, replace(ARCHITECT, hopeless_after=3)).documents
    assert [one.check["right"] for one in found] == [["ESCALATE"]] * 3
    with pytest.raises(EvalError, match="no turn of the architect of made_up in it can be judged"):
        collect(config, ARCHITECT, "holdout")


def test_a_plan_is_no_verdict_and_evaluation_runs_are_not_read(config, harness):
    item = harness.item("a", Split.HOLDOUT)
    said(harness, item, "Plan: edit the file.")
    said(harness, item, "VERDICT: CONTINUE", purpose="evaluate")
    harness.attempt(item, "at last", policy="model:m", origin=Origin.MODEL)
    with pytest.raises(EvalError, match="no turn of the architect"):
        collect(config, ARCHITECT, "holdout")


def test_the_same_question_is_asked_once_and_only_of_its_split(config, harness):
    held, trained = harness.item("a", Split.HOLDOUT), harness.item("b", Split.TRAIN)
    for item, script in ((held, "x"), (held, "x"), (held, "y"), (trained, "z")):
        harness.reflected(item, script)
    found = asked(config, REFLECTOR)
    assert [one.messages[1]["content"][-1] for one in found.documents] == ["x", "y"]
    assert {one.part for one in found.documents} == {"new_rule"}
    assert found.items == ["a"]
    few = asked(config, replace(REFLECTOR, limit=1))
    assert len(few.documents) == 1


BROKEN = {"policy": "mutated", "origin": Origin.MUTATED}


def test_a_teachers_pick_is_asked_where_the_unbroken_answer_passes(config, harness):
    item, open_ = harness.item("a", Split.HOLDOUT), harness.item("b", Split.HOLDOUT)
    for one in (item, open_):
        said(harness, one, "PICK: B", **BROKEN)
    harness.attempt(item, "good")
    found = asked(config, ARCHITECT).documents
    assert [(one.title, one.check) for one in found] == [("a", {"kind": "pick", "right": ["B"]})]


def test_an_auditor_is_asked_what_the_evaluator_said(config, harness):
    item = harness.item("a", Split.HOLDOUT)
    for words, passed in (("VERDICT: PASS", True), ("VERDICT: FAIL", False)):
        turn = {"agent": "auditor", "messages": [{"role": "user", "content": words}]}
        answer = {"tools": (), "response": {"role": "assistant", "content": words}}
        harness.attempt(item, words, reflector=turn | answer, passed=passed)
    found = asked(config, AUDITOR).documents
    assert [one.check for one in found] == [
        {"kind": "audit", "right": ["PASS"]},
        {"kind": "audit", "right": ["FAIL"]},
    ]


def test_the_cause_is_asked_where_the_mistake_was_made_on_purpose(config, harness):
    item, open_ = harness.item("a", Split.HOLDOUT), harness.item("b", Split.HOLDOUT)
    words = {"role": "assistant", "content": "REFLECTION:\nLESSON: the line is a comment"}
    for one in (item, open_):
        harness.reflected(one, "bad", response=words)
    harness.attempt(item, "good")
    known, unknown = asked(config, REFLECTOR).documents
    assert known.check == {"kind": "reflection", "lesson": "the line is a comment"}
    assert unknown.check == {"kind": "reflection"}


def test_an_empty_holdout_is_told(config, harness):
    harness.item("a", Split.TRAIN)
    for suite in (SuiteConfig(), ARCHITECT, REFLECTOR):
        with pytest.raises(EvalError, match="split=holdout: no"):
            collect(config, suite, "holdout")
