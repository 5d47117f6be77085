"""GRPO's prompts and rewards: what is refused, what answers are worth, when a training stops."""

import json
import socket
import threading
from dataclasses import replace

import pytest
from tiny_rows import TOOLS, asked, write

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import SandboxError, TrainError
from harness_forge.training import rewarded, rollouts
from harness_forge.training.answer_audit import audit_prompts
from harness_forge.training.reward_server import RewardServer, reward_of


def row(number, **more):
    reference = json.dumps({"item_id": f"rule_{number}", "skill": "tiny"})
    found = {"prompt": asked(number), "tools": json.dumps(TOOLS), "reference": reference}
    return found | more


def verdict(value=0.0, **more):
    said = "passes" if value == 1 else "fails"
    found = {"item_id": "rule_1", "value": value, "failure_mode": None, "infrastructure": False}
    found = found | {"summary": said} | more
    return found | {"passed": found["value"] == 1 and found["failure_mode"] is None}


class Judge:
    """Finds an answer worth what it says, and does what it is told to."""

    evaluator, evaluator_version = "numbers", "1"

    def __init__(self, does=None):
        self.does = does or {}

    def check(self, rows, where):
        if "refuse" in self.does:
            raise self.does["refuse"]

    def verdict(self, reference, text, finish):
        if text in self.does:
            return self.does[text]()
        return verdict(float(text))


def answers(*texts, item="rule_1"):
    reference = json.dumps({"item_id": item})
    return [{"reference": reference, "text": text, "finish": "stop"} for text in texts]


@pytest.fixture
def served(tmp_path):
    """Returns a function that asks a server for rewards as the trainer does."""
    opened = []

    def serve(does=None, judge_s=5.0, patience=0):
        file = tmp_path / "rollouts.jsonl"
        server = RewardServer(Judge(does), file, judge_s, patience, [row(1)]).__enter__()
        opened.append(server)

        def ask(step, found):
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(str(server.path))
                line.sendall(json.dumps({"step": step, "answers": found}).encode() + b"\n")
                with line.makefile() as said:
                    return json.loads(said.readline())

        return server, ask, file

    yield serve
    for server in opened:
        server.__exit__()


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "has no rows: there is nothing to train on"),
        ([row(1)], "has 1 prompts, and a step asks 2"),
        ([row(1, reference=None)], "has no reference .* export with format=grpo"),
        ([row(1, reference="rule_1")], "has a reference that is no JSON"),
        ([row(1, reference="{}")], "has a reference without an item_id"),
        ([row(1, prompt="text")], "has no prompt"),
        ([row(1, prompt=["text"])], "has a message without a role"),
        ([row(1, prompt=[{"role": "assistant", "content": "a"}])], "ends with an answer"),
        (["text"], "is not an object"),
    ],
)
def test_prompts_that_cannot_be_asked_are_refused_before_anything_is_started(tmp_path, rows, told):
    with pytest.raises(TrainError, match=told):
        rewarded.plan(config(write(tmp_path, rows), prompts=2), Judge())


def config(folder, **more):
    one = ForgeConfig()
    return replace(one, grpo=replace(one.grpo, dataset=str(folder), **more))


def test_answers_that_fill_no_forward_pass_are_refused(tmp_path):
    data = write(tmp_path, [row(1)])
    with pytest.raises(TrainError, match=r"6 answers a step \(3 to each of 2 prompts\)"):
        rewarded.plan(config(data, group=3, prompts=2, micro_batch=4), Judge())


def test_what_the_judge_will_not_judge_is_not_asked(tmp_path):
    data = write(tmp_path, [row(number) for number in range(4)])
    refused = TrainError("train.jsonl", "item rule_1 is on the holdout side")
    with pytest.raises(TrainError, match="on the holdout side"):
        rewarded.plan(config(data), Judge({"refuse": refused}))


@pytest.mark.parametrize(
    ("found", "worth"),
    [
        (verdict(1.0), 1.0),
        (verdict(0.25), 0.25),
        (verdict(7.0), 1.0),
        (verdict(-1.0), 0.0),
        # The check passes, and something else was broken.
        (verdict(1.0, failure_mode="guard_broken"), 0.0),
        (verdict(0.0, failure_mode="timeout"), 0.0),
        (verdict(0.0, failure_mode="unjudgeable", infrastructure=True), None),
    ],
)
def test_an_answer_is_worth_what_the_judge_gives_it(found, worth):
    assert reward_of(found) == worth


def test_rewards_come_in_the_order_of_the_answers_and_each_is_kept(served):
    server, ask, file = served({"broken": lambda: verdict(1.0, failure_mode="guard_broken")})
    assert ask(1, answers("0.5", "1", "broken", "0")) == {"rewards": [0.5, 1.0, 0.0, 0.0]}
    kept = rollouts.read(file)
    said = [one["messages"][-1]["content"] for one in kept]
    assert [
        (one["step"], text, one["reward"], one["passed"])
        for one, text in zip(kept, said, strict=True)
    ] == [
        (1, "0.5", 0.5, False), (1, "1", 1.0, True),
        (1, "broken", 0.0, False), (1, "0", 0.0, False),
    ]  # fmt: skip
    assert (kept[0]["evaluator"], kept[0]["item_id"]) == ("numbers", "rule_1")
    assert server.fault is None


def test_an_answer_is_kept_with_its_question(served):
    _, ask, file = served()
    ask(1, [{"reference": row(1)["reference"], "text": "1", "finish": "stop"}])
    (kept,) = rollouts.read(file)
    assert kept["messages"] == [*asked(1), {"role": "assistant", "content": "1"}]


def test_an_answer_that_was_judged_is_not_judged_again_unless_the_judge_failed(served):
    seen = []

    def judge():
        seen.append(1)
        return verdict(1.0)

    def fail():
        seen.append(2)
        return verdict(infrastructure=True)

    _, ask, _ = served({"good": judge, "gone": fail})
    said = {"rewards": [1.0, 1.0, None, None, 0.0]}
    assert ask(1, answers("good", "good", "gone", "gone", "0")) == said
    assert ask(2, answers("good", "good", "gone", "gone", "0")) == said
    assert sorted(seen) == [1, 2, 2]
    # Under another prompt the same words are another answer.
    assert ask(2, answers("good", item="rule_2")) == {"rewards": [1.0]}
    assert sorted(seen) == [1, 1, 2, 2]


def test_a_fault_of_the_judge_is_no_reward_and_not_a_reward_of_0(served):
    gone = {"gone": lambda: verdict(infrastructure=True, failure_mode="unjudgeable")}
    server, ask, _ = served(gone)
    assert ask(1, answers("gone", "1")) == {"rewards": [None, 1.0]}
    said = ask(2, answers("gone", "gone"))
    assert said == {"error": "step 2: none of its 2 answers could be judged: fails"}
    assert "forge env check" in server.fault.hint


def test_a_judge_that_hangs_stops_the_training(served):
    never = threading.Event()
    server, ask, _ = served({"hang": never.wait}, judge_s=0.2)
    said = ask(1, answers("1", "hang"))
    assert said == {"error": "judging rule_1: no verdict came in 0.2 s"}
    assert "grpo.judge_s" in server.fault.hint
    never.set()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SandboxError("item x", "skill tiny has no such item"), "item x: skill tiny has no such"),
        (KeyError("x"), "judging rule_1: KeyError: 'x'"),
    ],
)
def test_a_judge_that_fails_stops_the_training(served, error, told):
    def fail():
        raise error

    _, ask, _ = served({"fail": fail})
    assert ask(1, answers("fail"))["error"].startswith(told)


def test_a_training_that_learns_nothing_at_its_start_is_stopped_with_the_remedy(served):
    server, ask, _ = served(patience=2)
    assert "rewards" in ask(1, answers("0", "0"))
    said = ask(2, answers("0", "0"))["error"]
    assert said.startswith("grpo: all 4 answers of the first 2 steps are worth 0: there is nothing")
    assert "an adapter that passes sometimes" in server.fault.hint


def test_an_adapter_that_passes_everything_needs_no_training(served):
    server, ask, _ = served(patience=1)
    assert "are worth 1: there is nothing" in ask(1, answers("1", "1"))["error"]
    assert "takes" not in server.fault.hint
    assert "passes these items already" in server.fault.hint


def test_one_group_that_differs_is_enough_and_only_the_start_is_looked_at(served):
    _, ask, _ = served(patience=2)
    for step, found in ((1, answers("0", "1")), (2, answers("0", "0")), (3, answers("0", "0"))):
        assert "rewards" in ask(step, found)


def test_prompts_that_differ_from_each_other_teach_nothing(served):
    _, ask, _ = served(patience=1)
    said = ask(1, answers("0", "0") + answers("1", "1", item="rule_2"))["error"]
    assert "are worth the same within each prompt" in said


def test_a_resumed_training_replaces_the_steps_that_it_makes_again(served):
    _, ask, file = served()
    for step in (1, 2, 3):
        ask(step, answers("0", "1"))
    with file.open("a") as cut:
        cut.write('{"step": 4, "te')
    _, ask, file = served(patience=1)
    # Patience is for a start alone.
    assert "rewards" in ask(3, answers("0", "0"))
    assert [one["step"] for one in rollouts.read(file)] == [1, 1, 2, 2, 3, 3]
    assert [one["reward"] for one in rollouts.read(file)][-2:] == [0.0, 0.0]


def test_the_counts_of_a_lineage_compare_the_first_and_the_last_fifth(served):
    _, ask, file = served({"gone": lambda: verdict(infrastructure=True)})
    for step in range(1, 11):
        ask(step, answers("1" if step > 5 else "0", "1" if step > 2 else "0", "gone"))
    assert rollouts.counts(rollouts.read(file)) == {
        "answers": 30,
        "passed": 13,
        "guard_broken": 0,
        "not_judged": 10,
        "groups": 10,
        "groups_alike": 7,
        "first_reward": 0.0,
        "last_reward": 1.0,
    }


def test_the_audit_leaves_room_for_an_answer():
    seen = audit_prompts([{"prompt": [1, 2], "asked": "a"}, {"prompt": [1], "asked": "b"}], 30)
    assert (seen.what, seen.tokens, seen.longest) == ("2 prompts", 3, 32)
    assert seen.shown == {"one prompt": "a"}
