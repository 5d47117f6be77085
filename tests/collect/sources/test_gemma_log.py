import pytest
from gemma_events import PREFIX, Log

from harness_forge.collect.sources import gemma_forge_jsonl
from harness_forge.collect.sources.records import Event, LeftOut, RecordedAttempt, RunFacts
from harness_forge.config.source import SourceConfig, SourceKind

CONFIG = SourceConfig(name="gemma-forge", kind=SourceKind.gemma_forge_jsonl)


@pytest.fixture
def log():
    return Log()


@pytest.fixture
def read(tmp_path, log):
    def ask(kind=RecordedAttempt):
        path = tmp_path / "run-20260418-173522.jsonl"
        log.write(path)
        return [one for one in gemma_forge_jsonl.read(path, CONFIG) if isinstance(one, kind)]

    return ask


def test_events_become_attempts_by_their_order(log, read):
    log("graph_state", nodes=[{"id": PREFIX + "sshd_a", "title": "Set a", "category": "ssh"}])
    log.failed("sshd_a", 1)
    log.attempt("sshd_a", 2, passed=True)
    log("remediated", rule_id=PREFIX + "sshd_a", attempt=2)
    log.finished("sshd_a", "remediated")
    first, second = read()
    assert [one.attempt.attempt_num for one in (first, second)] == [1, 2]
    assert [one.attempt.outcome.passed for one in (first, second)] == [False, True]
    assert (first.item.item_id, first.item.title, first.item.family) == ("sshd_a", "Set a", "ssh")
    assert (first.outcome, second.outcome) == (None, "completed")
    assert (first.run, first.policy) == ("20260418-173522", "model:/weights/base")
    # A pass carries the default of the failure's type: it is none.
    assert second.attempt.outcome.failure_mode is None
    assert first.attempt.outcome.failure_mode == "evaluator_gap"
    assert first.attempt.outcome.signals["health"] == "HEALTHY"


def test_turns_have_no_prompt_because_the_log_has_none(log, read):
    log.failed("sshd_a")
    log.finished("sshd_a", "escalated")
    [found] = read()
    worker, reflector = found.attempt.turns
    assert (worker.agent, reflector.agent) == ("worker", "reflector")
    assert worker.messages == ()
    assert worker.response["tool_calls"][0]["function"]["name"] == "apply_fix"
    assert found.attempt.approach == "I wrote the setting."
    assert found.attempt.reflection == "look first"
    [tip] = found.attempt.tips
    assert (tip.text, tip.mechanism) == ("Look before you write.", "the file may be elsewhere")
    assert found.attempt.outcome.signals["database_run_id"] == "5444a199-cbc"


@pytest.mark.parametrize(("length", "finish"), [(199, None), (200, "length"), (900, "length")])
def test_an_argument_as_long_as_the_limit_counts_as_cut(log, read, length, finish):
    log.attempt("sshd_a", script="x" * length)
    log.finished("sshd_a", "escalated")
    assert read()[0].attempt.turns[0].finish_reason == finish


@pytest.mark.parametrize(("length", "finish"), [(999, None), (1000, "length"), (5000, "length")])
def test_a_text_as_long_as_the_limit_counts_as_cut(log, read, length, finish):
    log.attempt("sshd_a")
    log.said("reflector", "r" * length)
    log.finished("sshd_a", "escalated")
    assert read()[0].attempt.turns[1].finish_reason == finish


def test_the_architects_choice_belongs_to_the_attempt_that_follows(log, read):
    log.said("architect", "Take sshd_a.")
    log("rule_selected", "architect", rule_id=PREFIX + "sshd_a", title="Set a", category="ssh")
    log.attempt("sshd_a")
    log.finished("sshd_a", "escalated")
    assert [turn.agent for turn in read()[0].attempt.turns] == ["architect", "worker"]


def test_a_deferred_item_has_its_final_verdict(log, read):
    half = {"value": 0.5, "confidence": 0.8}
    for rule in ("rhsa_a", "rhsa_b", "rhsa_c"):
        log.attempt(rule, failure_mode="needs_reboot", outcome_signal=half)
        log("deferred_verification", rule_id=PREFIX + rule, reason="needs_reboot", attempt=1)
        log.finished(rule, "deferred")
    log("post_deferred_evaluation", rule_id=PREFIX + "rhsa_a", passed=True)
    log("post_deferred_evaluation", rule_id=PREFIX + "rhsa_b", passed=False)
    assert [one.item.item_id for one in read()] == ["rhsa_a", "rhsa_b"]
    log("run_complete", "system", remediated=1)
    good, bad, open_ = read()
    assert (good.outcome, good.attempt.outcome.value) == ("completed", 1.0)
    assert (bad.outcome, bad.attempt.outcome.value) == ("escalated", 0.0)
    # Never the interim half point.
    assert (open_.outcome, open_.attempt.outcome.infrastructure) == ("deferred", True)


def test_a_crash_of_the_evaluator_is_no_verdict(log, read):
    log.attempt("sshd_a")
    log("tool_error", rule_id=PREFIX + "sshd_a", phase="evaluate", error="timeout", attempt=1)
    log.finished("sshd_a", "escalated")
    assert read()[0].attempt.outcome.infrastructure


def test_a_crash_without_a_verdict_is_told_from_a_missing_outcome(log, read):
    log.attempt("sshd_a", passed=0)  # neither true nor false
    log("tool_error", rule_id=PREFIX + "sshd_a", phase="evaluate", error="timeout", attempt=1)
    log.finished("sshd_a", "escalated")
    log.attempt("sshd_b", passed=0)
    log.finished("sshd_b", "escalated")
    found = [one.attempt.outcome.failure_mode for one in read()]
    assert found == ["evaluator_failed", "no_verdict"]


def test_skipped_items_and_unfinished_attempts_are_told(log, read):
    log("skip", "architect", rule_id=PREFIX + "grub", reason="no")
    log.attempt("sshd_a")
    skipped, unfinished = read(LeftOut)
    assert (skipped.reason, skipped.malformed) == ("skipped_item", False)
    assert (unfinished.reason, unfinished.pending) == ("unfinished_attempt", True)


def test_every_event_is_kept_as_it_is_and_the_summary_with_the_run(log, read):
    log.attempt("sshd_a")
    log("run_complete", "system", remediated_rules=[{"rule_id": "a", "iteration": 3}])
    events = read(Event)
    assert len(events) == len(log.lines)
    assert events[1].item_id == "sshd_a"
    [facts] = read(RunFacts)
    assert facts.summary["remediated_rules"][0]["iteration"] == 3
    assert facts.facts["events"]["attempt_start"] == 1


def test_a_line_that_is_no_event_is_malformed(log, read):
    log.lines += ['{"event_type": "x"}', "[]"]
    assert [one.reason for one in read(LeftOut)] == ["misfit", "misfit"]
