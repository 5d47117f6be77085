"""The answers of a GRPO training, as its judge's process writes them, taken in as attempts."""

import json

from harness_forge.config.compose.engine import compose
from harness_forge.training.reward_server import RewardServer

REFERENCE = json.dumps({"skill": "repair", "item_id": "a", "check_digest": "d1"})
ROW = {"reference": REFERENCE, "prompt": [{"role": "user", "content": "Mend a."}]}
VERDICTS = {
    "right": {"passed": True, "value": 1.0},
    "nearer": {"passed": False, "value": 0.5},
    # Its check passes, and something else was broken.
    "harm": {"passed": False, "value": 1.0, "failure_mode": "guard_broken"},
    "lost": {"passed": False, "value": 0.0, "infrastructure": True},
}


class Judge:
    evaluator, evaluator_version = "command", "1"

    def verdict(self, reference, text, finish):
        plain = {"failure_mode": None, "summary": "", "infrastructure": False}
        return {"item_id": json.loads(reference)["item_id"], **plain, **VERDICTS[text]}


def test_answers_of_a_training_keep_what_the_judge_said_of_them(take, ask, count, tmp_path):
    place = tmp_path / "rollouts.jsonl"
    server = RewardServer(Judge(), place, judge_s=5, patience=0, rows=[ROW])
    for step in (1, 2):
        answers = [{"reference": REFERENCE, "text": one, "finish": "stop"} for one in VERDICTS]
        assert "rewards" in server.answer({"step": step, "answers": answers})
    report = take(place, compose(None, ["source=rollouts"]).source)
    (file,) = report.files
    assert (report.added, file.passed, file.without_verdict) == (8, 2, 2)
    assert count("runs") == 2
    found = ask(
        "SELECT t.response ->> 'content', a.eval_passed, a.infrastructure, a.outcome_value,"
        " a.item_id FROM attempts a JOIN turns t ON t.attempt_id = a.id ORDER BY a.id LIMIT 4"
    )
    assert found == [
        ("right", True, False, 1.0, "a"),
        ("nearer", False, False, 0.5, "a"),
        ("harm", False, False, 0.0, "a"),
        ("lost", False, True, 0.0, "a"),
    ]
    assert ask("SELECT DISTINCT messages ->> 0 FROM turns")[0][0].endswith('"Mend a."}')
