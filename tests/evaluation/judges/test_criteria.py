"""What counts as a verdict: four numbers from 0 to 1, and nothing less."""

import json

import pytest
from fake_judge import GOOD

from harness_forge.config.judge import WEIGHTS, JudgeConfig
from harness_forge.core.errors import ConfigError
from harness_forge.evaluation.judges.check import check
from harness_forge.evaluation.judges.criteria import read_pick, read_scores
from harness_forge.store.judge_scores import overall

VERDICT = json.dumps(GOOD)


@pytest.mark.parametrize(
    "said",
    [
        VERDICT,
        f"Here you are:\n```json\n{VERDICT}\n```",
        f"<think>maybe {{}} or {json.dumps({**GOOD, 'directness': 0})}</think>{VERDICT}",
        f'{{"note": "first"}} {VERDICT}',
        json.dumps({**GOOD, "execution_success": 1}),
    ],
)
def test_a_verdict_is_read(said):
    assert read_scores(said) == GOOD


@pytest.mark.parametrize(
    "said",
    [
        "",
        "I would give it a 7.",
        json.dumps({key: GOOD[key] for key in list(GOOD)[:3]}),
        json.dumps({**GOOD, "directness": 7}),
        json.dumps({**GOOD, "directness": -0.1}),
        json.dumps({**GOOD, "directness": "0.5"}),
        json.dumps({**GOOD, "directness": True}),
        json.dumps({**GOOD, "directness": float("nan")}),
        VERDICT[:-4],
        "[" * 5000 + "{" * 5000,
    ],
)
def test_what_is_no_whole_verdict_is_none(said):
    assert read_scores(said) is None


def test_the_weights_are_forty_and_thrice_twenty():
    assert list(WEIGHTS.values()) == [0.4, 0.2, 0.2, 0.2]
    assert overall(GOOD, WEIGHTS) == 0.7


@pytest.mark.parametrize(
    ("said", "pick"),
    [('{"better": "A"}', "A"), ('so: {"better": "tie"}', "tie"), ('{"better": "C"}', None),
     ("A", None)],
)  # fmt: skip
def test_a_pick_is_one_of_three(said, pick):
    assert read_pick(said) == pick


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"weights": {"directness": 1.0}}, "judge.weights"),
        ({"weights": dict.fromkeys(WEIGHTS, 0.3)}, "judge.weights"),
        ({"tries": 0}, "judge.tries"),
        ({"passes": 1.5}, "judge.passes"),
        ({"drift": -1}, "judge.drift"),
    ],
)
def test_unfit_settings_are_named(settings, key):
    with pytest.raises(ConfigError) as caught:
        check(JudgeConfig(**settings))
    assert caught.value.where == key
