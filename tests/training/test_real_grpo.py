"""Real Axolotl, second stage: GRPO from the adapter that the first stage made.

The judge is one of these tests: a model of two random layers answers noise. Rewards of the real
judge are tested beside its environment.
"""

import json
from dataclasses import replace

import pytest
from tiny_rows import TOOLS, asked, write

from harness_forge.registry.adapters.package import load
from harness_forge.training import rollouts
from harness_forge.training.progress import steps_in
from harness_forge.training.rewarded import ROLLOUTS, train_judged

pytestmark = [pytest.mark.workset, pytest.mark.soak]

PROMPTS, GROUP, STEPS = 4, 64, 20
FIRST, LAST = 2, 10
"""Steps whose rewards are compared. Two random layers can move little: measured, the share goes
from 0.57 to 0.60 within five steps and stays; the difference has a standard error of 0.01."""


class Letters:
    """Finds an answer worth its share of small letters."""

    evaluator, evaluator_version = "letters", "1"

    def check(self, rows, where):
        pass

    def verdict(self, reference, text, finish):
        value = sum(letter.islower() for letter in text) / max(1, len(text))
        found = {"item_id": json.loads(reference)["item_id"], "passed": value > 0.5, "value": value}
        return found | {"failure_mode": None, "summary": finish, "infrastructure": False}


@pytest.fixture(scope="module")
def rewarded(config, trained, tmp_path_factory):
    rows = (
        {
            "item_id": f"rule_{number}",
            "prompt": asked(number),
            "tools": json.dumps(TOOLS),
            "reference": json.dumps({"item_id": f"rule_{number}"}),
        }
        for number in range(4)
    )
    data = write(tmp_path_factory.mktemp("prompts"), rows)
    grpo = replace(
        config.grpo, dataset=str(data), group=GROUP, prompts=PROMPTS, micro_batch=256,
        max_new_tokens=8, max_steps=STEPS, learning_rate=2e-2, warmup=0.0, save_steps=4,
    )  # fmt: skip
    return train_judged(replace(config, grpo=grpo), Letters())


def test_prompts_are_shown_as_serving_renders_them(rewarded):
    assert (rewarded.audit.prompts, rewarded.audit.trained) == (4, 0)
    assert '"name": "apply_fix"' in rewarded.audit.prompt_text
    assert rewarded.audit.prompt_text.endswith("<|im_start|>assistant\n")


def test_grpo_starts_from_the_adapter_and_its_reward_rises(rewarded, trained):
    steps = steps_in(rewarded.metrics)
    assert steps[0]["kl"] < 1e-3
    assert steps[-1]["kl"] > 1e-3
    lineage = load(rewarded.adapter.folder).lineage
    assert lineage["parent"] == {"name": "tiny", "digest": trained.adapter.digest}
    found = lineage["grpo"]
    groups = STEPS * PROMPTS
    assert (found["answers"], found["groups"], found["not_judged"]) == (groups * GROUP, groups, 0)
    rewards = [step["reward"] for step in steps]
    first, last = sum(rewards[:FIRST]) / FIRST, sum(rewards[-LAST:]) / LAST
    assert last > first + 0.01, [round(one, 3) for one in rewards]


def test_every_answer_is_kept_with_its_verdict_and_the_trainer_saw_these_rewards(rewarded):
    kept = rollouts.read(rewarded.metrics.with_name(ROLLOUTS))
    for step in steps_in(rewarded.metrics):
        rewards = [one["reward"] for one in kept if one["step"] == step["step"]]
        assert len(rewards) == PROMPTS * GROUP
        assert step["reward"] == pytest.approx(sum(rewards) / len(rewards), abs=1e-4)
