"""`forge judge RUN`, then `forge export filters=kernel`: the judge's scores decide."""

import json

import pytest
from fake_judge import GOOD, FakeJudge
from harnesses import Harness

from harness_forge import cli
from harness_forge.core.errors import ExportError

SCORES = {"hopeless": 0.1, "middling": 0.6, "flawless": 1.0}


@pytest.fixture
def fake():
    server = FakeJudge(
        plan=[(f"echo {name}", [dict.fromkeys(GOOD, score)]) for name, score in SCORES.items()]
        + [("echo unclear", ["no idea"])]
    )
    yield server
    server.close()


@pytest.fixture
def run(store, tmp_path):
    store.upgrade("stig")
    harness = Harness(store.skill("stig"), tmp_path / "data")
    for number, name in enumerate([*SCORES, "unclear"]):
        harness.attempt(harness.item(f"rule_{number}"), f"echo {name}")
    return harness.run()


@pytest.fixture
def words(store, tmp_path, fake):
    return [
        "skill=stig", f"store.url='{store.url}'", f"forge_home={tmp_path / 'home'}",
        f"judge.endpoint={fake.url}",
    ]  # fmt: skip


@pytest.fixture
def export(words, tmp_path):
    def ask(*more):
        out = tmp_path / "data"
        code = cli.main(
            ["export", "role=worker", *words, f"data_dir={out}", "engine.workers=0", *more]
        )
        path = out / "stig_worker_sft"
        lines = path.joinpath("train.jsonl").read_text().splitlines() if path.exists() else []
        return code, [json.loads(line)["messages"][-1]["tool_calls"] for line in lines], path

    return ask


def test_the_judges_scores_choose_what_is_kept(run, words, export):
    assert cli.main(["judge", run, *words]) == 0
    code, calls, path = export("filters=kernel")
    assert code == 0
    assert ["echo middling" in str(call) for call in calls] == [True]
    ledger = [json.loads(line) for line in (path / "ledger.jsonl").read_text().splitlines()]
    assert [line.get("reason") for line in ledger] == [
        "score_range", None, "score_range", "score_range"
    ]  # fmt: skip


def test_before_anything_was_judged_it_says_what_to_do(run, export, capsys):
    code, calls, _ = export("filters=kernel")
    assert (code, calls) == (ExportError.exit_code, [])
    told = capsys.readouterr().err
    assert "filters.score_range.reads: judge: no answer of stig was judged" in told
    assert "hint: forge judge RUN judge.endpoint=URL scores a run's answers" in told


def test_the_evaluators_values_are_read_when_asked_for(run, export):
    code, calls, _ = export(
        "filters=kernel", "filters.score_range.reads=outcome", "filters.score_range.max_value=1"
    )
    assert (code, len(calls)) == (0, 4)


def test_scores_follow_the_weights_as_now_set(run, words, fake, export):
    fake.plan.insert(0, ("echo hopeless", [dict.fromkeys(GOOD, 0.0) | {"directness": 1.0}]))
    assert cli.main(["judge", run, *words]) == 0
    weights = [f"judge.weights.{name}=0" for name in GOOD if name != "directness"]
    code, calls, _ = export(
        "filters=kernel", "filters.score_range.max_value=1", "judge.weights.directness=1", *weights
    )
    assert code == 0
    assert [name for name in SCORES if any(f"echo {name}" in str(call) for call in calls)] == [
        "hopeless", "middling", "flawless"
    ]  # fmt: skip
