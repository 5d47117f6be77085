import pytest
from reading_formats import attempts, left_out, read, told, whole

STEPS = [{"source": "user", "message": "a"}, {"source": "agent", "message": "A"}]
AGENT = {"name": "x", "version": "1"}


def trial(folder, rewards=None, steps=STEPS, **changes):
    """Write a trial's folder and return its result."""
    made = {"task_name": "seeds", "trial_name": folder.name, "source": "garden",
            "agent_info": {"model_info": {"name": "m1"}},
            "verifier_result": rewards and {"rewards": rewards}} | changes  # fmt: skip
    if steps:
        whole(folder / "agent/trajectory.json", {"schema_version": "ATIF-v1.6", "session_id": "s",
                                                 "agent": AGENT, "steps": steps})  # fmt: skip
    return whole(folder / "result.json", made)


def test_a_trial_is_an_attempt_at_its_task(tmp_path):
    [found] = attempts(trial(tmp_path / "seeds__1", {"reward": 1.0}), "harbor")
    assert (found.item.item_id, found.item.family, found.policy) == ("seeds", "garden", "model:m1")
    assert found.attempt.outcome.passed
    assert told(found.attempt.turns[0]) == (["user: a"], "assistant: A")


@pytest.mark.parametrize(
    ("rewards", "passed"),
    [({"reward": 0}, False), ({"only": 1}, True), ({"a": 1, "b": 0}, None), (None, None)],
)
def test_which_reward_is_the_outcome(tmp_path, rewards, passed):
    [found] = attempts(trial(tmp_path / "t", rewards), "harbor")
    outcome = found.attempt.outcome
    assert (None if outcome.infrastructure else outcome.passed) is passed


def test_a_reward_that_the_verifier_wrote_otherwise_is_refused(tmp_path):
    path = trial(tmp_path / "t", {"reward": 1.0})
    (tmp_path / "t/verifier").mkdir()
    (tmp_path / "t/verifier/reward.txt").write_text("0\n")
    assert read(path, "harbor")[0].detail == (
        "outcomes contradict each other: 1.0 in result.json, 0.0 in verifier/reward.txt"
    )


def test_results_of_a_job_and_trials_without_a_trajectory_are_counted(tmp_path):
    assert left_out(whole(tmp_path / "result.json", {"n_total_trials": 2, "stats": {}}),
                    "harbor") == ["job_summary"]  # fmt: skip
    assert left_out(trial(tmp_path / "t", steps=None), "harbor") == ["no_trajectory"]
