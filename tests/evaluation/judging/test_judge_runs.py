"""`forge judge` over runs in a store, the judge a server of ours with planted answers."""

import json

import pytest
from fake_judge import GOOD, FakeJudge

from harness_forge import cli
from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import ConfigError, EndpointError, EvalError
from harness_forge.core.records import Attempt, Origin, Outcome, Split, Turn, WorkItem
from harness_forge.evaluation.judges import endpoint as endpoints
from harness_forge.evaluation.judging import scoring
from harness_forge.evaluation.judging.pairing import judge_pairs
from harness_forge.evaluation.judging.scoring import judge_run
from harness_forge.store.splits.holdout_ledger import HoldoutLedger

BAD = {**GOOD, "execution_success": 0.0, "code_quality": 0.2}


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(endpoints, "PAUSE_S", 0.001)
    server = FakeJudge()
    yield server
    server.close()


@pytest.fixture
def words(store, tmp_path, fake):
    store.upgrade("stig")
    home = tmp_path / "home"
    return [
        "skill=stig", f"store.url='{store.url}'", f"forge_home={home}", f"judge.endpoint={fake.url}"
    ]  # fmt: skip


@pytest.fixture
def write(store, words):
    """Return what writes a run: item to (answer, passed)."""
    skill = store.skill("stig")

    def run(policy, answers, split=Split.TRAIN, purpose="collect", prompt="Fix"):
        handle = skill.open_run(
            policy=policy, purpose=purpose, config={"policy": {"adapter_digest": policy * 3}},
            evaluator="e", evaluator_version="1", content_digest="c",
        )  # fmt: skip
        for name, (said, passed) in answers.items():
            item = WorkItem(name, name, "high", name[:3], f"group_{name}", True)
            skill.upsert_items([item])
            skill.assign_splits({item.group_key: split}, "salt")
            asked = [{"role": "user", "content": f"{prompt} {name}."}]
            turn = Turn("worker", asked, [], {"role": "assistant", "content": said}, "m")
            outcome = Outcome(passed, float(passed), 1.0, None, "", "e", "1")
            attempt = Attempt(name, 1, Origin.MODEL, "p", None, outcome, [turn])
            skill.record(handle.run_id, item, attempt)
        skill.finish_run(handle.run_id, {}, "complete")
        return handle.run_id

    return run


def answers(count, passed=lambda n: n % 2 == 0):
    return {
        f"f{n % 3}_rule{n}": ("right" if passed(n) else "wrong", passed(n)) for n in range(count)
    }


def test_scores_agreement_and_what_is_unjudged(write, words, fake):
    fake.plan += [("rule3.", ["no idea"]), ("wrong", [BAD])]
    run = write("model:a", answers(8))
    found = judge_run(compose(None, words), run)
    assert found["labels"]["adapter"]["all"]["items"] == 7
    assert found["labels"]["adapter"]["all"]["judge.overall"] == round((4 * 0.7 + 3 * 0.24) / 7, 6)
    assert found["metrics"][0] == "judge.overall"
    assert all(name.startswith("judge.") for name in found["metrics"])
    assert found["unjudged"] == {"unparsable": 1, "silent": 0}
    agreement = found["agreement"]
    assert (agreement["items"], agreement["kappa"]) == (7, 1.0)
    assert (agreement["mean_of_passed"], agreement["mean_of_failed"]) == (0.7, 0.24)
    assert found["candidate"]["digest"] == "model:a" * 3


def test_a_judge_that_praises_everything_agrees_by_chance_only(write, words):
    found = judge_run(compose(None, words), write("model:a", answers(8)))
    assert (found["agreement"]["agree"], found["agreement"]["kappa"]) == (0.5, 0.0)


def test_what_was_judged_is_kept_item_by_item_and_not_asked_again(write, words, fake, tmp_path):
    run = write("model:a", answers(6))
    config = compose(None, [*words, "judge.anchors=0"])
    first = judge_run(config, run)
    lines = (tmp_path / f"home/judge/{run}.jsonl").read_text().splitlines()
    assert [json.loads(line)["scores"] for line in lines] == [GOOD] * 6
    assert json.loads((tmp_path / f"home/judge/{run}.json").read_text()) == first
    fake.asked.clear()
    assert judge_run(config, run) == first
    assert fake.asked == []


def test_a_judge_that_fails_midway_leaves_no_summary_and_goes_on_later(
    write, words, fake, tmp_path
):
    fake.plan += [("rule4.", [500])]
    run = write("model:a", answers(6))
    config = compose(None, words)
    with pytest.raises(EndpointError, match="1 of 6 questions have no verdict"):
        judge_run(config, run)
    assert not (tmp_path / f"home/judge/{run}.json").exists()
    fake.plan.clear()
    fake.asked.clear()
    assert judge_run(config, run)["labels"]["adapter"]["all"]["items"] == 6
    assert len(fake.asked) == 1 + 6  # what was missing, and the anchors


def test_a_judge_that_changes_under_its_name_is_seen(write, words, fake, tmp_path):
    run = write("model:a", answers(6))
    config = compose(None, [*words, "judge.anchors=4"])
    assert judge_run(config, run)["drift"]["mean"] is None
    assert judge_run(config, run)["drift"]["beyond"] is False
    fake.plan.append(("Fix", [{**GOOD, "directness": 0.1}]))
    drift = judge_run(config, run)["drift"]
    assert (drift["anchors"], drift["mean"], drift["beyond"]) == (4, 0.08, True)
    kept = (tmp_path / "home/judge/drift.jsonl").read_text().splitlines()
    assert [json.loads(line)["beyond"] for line in kept] == [False, False, True]
    assert {json.loads(line)["judge"] for line in kept} == {"tiny"}


def test_the_anchors_are_the_same_whatever_run_is_judged(write, words, fake):
    config = compose(None, [*words, "judge.anchors=4"])
    judge_run(config, write("model:a", answers(6)))
    once = [body["messages"] for body in fake.asked[-4:]]
    judge_run(config, write("model:b", answers(3), prompt="Mend"))
    again = [body["messages"] for body in fake.asked[-4:]]
    assert sorted(map(str, once)) == sorted(map(str, again))


def test_two_runs_pair_by_pair(write, words, fake):
    fake.plan += [
        ("<answer_A>\nbest", ['{"better": "A"}']),
        ("<answer_B>\nbest", ['{"better": "B"}']),
        ("rule3", ["neither"]),
        ("<answer_A>", ['{"better": "A"}']),
    ]
    before = write("model:a", {**answers(5, lambda n: False), "f0_only": ("x", False)})
    after = write(
        "model:b",
        {
            "f0_rule0": ("best", True),
            "f1_rule1": ("best", True),
            "f2_rule2": ("other", False),
            "f0_rule3": ("other", False),
            "f1_rule4": ("wrong", False),
        },
    )
    found = judge_pairs(compose(None, words), before, after)
    told = {key: found[key] for key in ("pairs", "judged", "first", "second", "tie")}
    assert told == {"pairs": 5, "judged": 4, "first": 0, "second": 2, "tie": 1}
    assert (found["inconsistent"], found["inconsistent_share"]) == (1, 0.25)
    assert found["reasons"] == {"unparsable": 2}
    assert found["left_out"] == {"only_first": 1, "only_second": 0, "other_task": 0}
    assert (found["same_answer"], found["p"]) == (1, 0.5)
    assert found["agreement"]["kappa"] == 1.0
    side_by_side = [str(body) for body in fake.asked if "answer_A" in str(body)]
    assert len(side_by_side) == 3 * 2 + 2 * 3  # rule3 is asked for three times, both ways
    assert not any("rule4" in body for body in side_by_side)
    assert found["labels"] == {
        "first": {"all": {"items": 4, "judge.preferred": 0.25}},  # it has an adapter of its own
        "adapter": {"all": {"items": 4, "judge.preferred": 0.75}},
    }
    assert found["candidate"]["digest"] == "model:b" * 3


def test_answers_to_other_questions_are_no_pair(write, words):
    runs = write("model:a", answers(3)), write("model:b", answers(3), prompt="Explain")
    with pytest.raises(EvalError, match="have no task in common"):
        judge_pairs(compose(None, words), *runs)


def test_a_limit_draws_the_same_items_of_both_runs(write, words):
    config = compose(None, [*words, "judge.limit=4"])
    runs = write("model:a", answers(9)), write("model:b", answers(9, lambda n: False))
    found = judge_pairs(config, *runs)
    assert (found["pairs"], found["left_out"]["only_first"]) == (4, 0)


def test_reading_held_out_answers_is_written_down_and_spends_nothing(write, words, tmp_path):
    run = write("model:a", answers(4), split=Split.HOLDOUT, purpose="evaluate")
    judge_run(compose(None, words), run)
    (look,) = HoldoutLedger().all()
    assert (look.label, look.size, look.alpha) == ("judge:model:a", 4, 0.0)


def test_nothing_is_asked_of_a_judge_elsewhere(write, words, fake):
    run = write("model:a", answers(2))
    with pytest.raises(ConfigError, match=r"judge\.example\.com is not this machine"):
        judge_run(compose(None, [*words, "judge.endpoint=http://judge.example.com/v1"]), run)
    assert fake.asked == []


def test_the_command_tells_it_in_words(write, words, fake, capsys):
    fake.plan += [("rule3.", ["no idea"]), ("wrong", [BAD])]
    run = write("model:a", answers(8))
    assert cli.main(["judge", run, *words]) == 0
    told = capsys.readouterr().out
    assert "7 of 8 answers judged; not judged, and no score: 1 unparsable" in told
    assert "100.0% of 7 alike, kappa +1.00" in told
    fake.plan.insert(0, ("Fix", [{**GOOD, "directness": 0.0}]))
    (words_again,) = [[*words, "judge.drift=0.01"]]
    assert cli.main(["judge", run, *words_again]) == 0
    assert "WARNING: the judge drifted" in capsys.readouterr().out
    assert cli.main(["judge", run, run, *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["same_answer"] == 8


def test_without_a_judge_it_says_how_to_name_one(words, capsys):
    assert cli.main(["judge", "x", *words[:3]]) == ConfigError.exit_code
    assert "hint: judge.endpoint=http://127.0.0.1:11434/v1" in capsys.readouterr().err


def test_the_command_tells_two_runs_apart_in_words_and_in_json(write, words, fake, capsys):
    fake.plan.append(("<answer_A>", ['{"better": "A"}']))
    before = write("model:a", answers(4, lambda n: False))
    after = write("model:b", answers(4, lambda n: n == 0))
    assert cli.main(["judge", before, after, *words]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"first   {before}  model:a"
    assert told[1] == f"second  {after}  model:b"
    assert told[3].startswith("4 of 4 pairs judged, set ")
    assert [line.split() for line in told[5:9]] == [
        ["first", "0"],
        ["second", "0"],
        ["tie", "3"],
        ["inconsistent", "1"],
    ]
    assert told[9] == "  25.0% of the pairs were judged otherwise when they changed places"
    assert cli.main(["judge", before, after, *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["runs"] == {
        "first": {"run": before, "policy": "model:a"},
        "second": {"run": after, "policy": "model:b"},
    }
    assert (found["first"], found["second"], found["tie"]) == (0, 0, 3)


@pytest.mark.parametrize(
    ("policy", "base"),
    [
        ({"kind": "model"}, True),
        ({"kind": "model", "adapter_digest": "d"}, False),
        ({"kind": "model", "shots": 3}, False),
        ({"kind": "nearest"}, False),
    ],
)
def test_the_base_model_is_no_other_policy(policy, base):
    assert scoring.is_base({"config": {"policy": policy}}) is base
