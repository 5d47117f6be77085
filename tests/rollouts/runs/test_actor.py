"""Who acts in a run, how a holdout is asked, and what stays the same run."""

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from asked_models import Parrot, adapter, base_model

from harness_forge.config.policy import PolicyConfig, PolicyKind
from harness_forge.config.run import Purpose, RunConfig
from harness_forge.config.split import SplitConfig
from harness_forge.core.errors import (
    ConfigError,
    EndpointError,
    EvalError,
    ForgeError,
    Interrupted,
    RunError,
    TrainError,
)
from harness_forge.registry import decisions
from harness_forge.registry.models.folder import find_base_model
from harness_forge.rollouts.runs import actor
from harness_forge.rollouts.runs.catalogue import held_out
from harness_forge.rollouts.runs.opening import run
from harness_forge.rollouts.runs.results import first_tries
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.store.splits.looks import Look, item_keys

MODEL = PolicyConfig(PolicyKind.model)
NEAREST = PolicyConfig(PolicyKind.nearest)
TEMPLATE = PolicyConfig(PolicyKind.template)


@pytest.fixture
def world(coin, skill, tmp_path, monkeypatch):
    """Returns a function that runs a policy; `.parrots` are the models it started."""
    base = base_model(tmp_path / "small")
    parrots = []

    def start(config, home):
        parrots.append(Parrot(config, lambda messages: "good" if config.adapter else "bad"))
        return parrots[-1]

    monkeypatch.setattr(actor, "_start_local", start)

    said = []

    def go(policy=MODEL, purpose=Purpose.evaluate, split="holdout", **config):
        return run(
            coin,
            skill,
            policy=policy,
            config=RunConfig(purpose=purpose, split=split, workers=2, **config),
            split=SplitConfig(),
            host="Example 1",
            seed=1,
            home=tmp_path,
            base=base,
            say=said.append,
        )

    go.said = said
    go.parrots, go.home, go.base, go.skill = parrots, tmp_path, base, skill
    go.digest = find_base_model(base, tmp_path).digest
    go.looks = HoldoutLedger().all
    go(PolicyConfig(), Purpose.collect, None)  # gold, for worked examples
    return go


def stored(world):
    with world.skill.connect_read_only() as connection:
        query = "SELECT policy FROM runs WHERE purpose = 'evaluate' ORDER BY started_at, id"
        return [row[0] for row in connection.execute(query)]


def test_a_local_run_is_named_by_model_and_adapter(world):
    made = adapter(world.home, "mine", world.digest)
    world()
    world(replace(MODEL, shots=3))
    world(replace(MODEL, adapter="mine"))
    world(NEAREST)
    assert stored(world) == [
        "model:small",
        "model:small+3shot",
        f"model:mine-{made.digest[:12]}",
        "nearest",
    ]
    parrot = world.parrots[-1].config
    assert (parrot.local, parrot.adapter) == (world.base.path, str(made.folder))
    assert all(parrot.closed for parrot in world.parrots)


def test_no_path_of_this_machine_is_stored(world):
    made = adapter(world.home, "mine", world.digest)
    world(replace(MODEL, adapter=str(made.folder)))
    with world.skill.connect_read_only() as connection:
        (config,) = connection.execute(
            "SELECT config FROM runs WHERE purpose = 'evaluate'"
        ).fetchone()
        rows = connection.execute(
            "SELECT DISTINCT model, adapter FROM attempts WHERE origin = 'model'"
        )
        assert rows.fetchall() == [("small", f"mine-{made.digest[:12]}")]
    assert str(world.home) not in str(config)
    assert config["policy"]["adapter_digest"] == made.digest
    assert config["policy"]["model_digest"] == world.digest


def test_a_complete_run_starts_no_model(world):
    first = world(replace(MODEL, adapter=adapter(world.home, "mine", world.digest).name))
    again = world(replace(MODEL, adapter="mine"))
    assert again == {**first, "new_items": 0}
    assert len(world.parrots) == 1


def test_an_adapter_trained_again_is_another_run_and_another_look(world):
    adapter(world.home, "mine", world.digest)
    first = world(replace(MODEL, adapter="mine"))
    adapter(world.home, "mine", world.digest, weight=0.5)
    assert world(replace(MODEL, adapter="mine"))["run_id"] != first["run_id"]
    assert [(look.number, look.alpha) for look in world.looks()] == [(1, 0.025), (2, 0.0125)]


def test_base_is_the_model_without_adapter(world):
    adapter(world.home, "base", world.digest)
    assert world(replace(MODEL, adapter="base"))["run_id"] == world(MODEL)["run_id"] or stored(
        world
    )
    assert set(stored(world)) == {"model:small"}


def test_every_look_is_in_the_ledger_before_the_first_item(world, monkeypatch):
    adapter(world.home, "mine", world.digest)
    seen = []
    monkeypatch.setattr(
        Parrot, "complete", lambda *_: seen.append(len(world.looks())) or pytest.fail("asked")
    )
    with pytest.raises(BaseException, match="asked"):
        world(replace(MODEL, adapter="mine"))
    assert set(seen) == {1}
    (look,) = world.looks()
    assert look.run_id in {run["id"] for run in world.skill.runs()}
    assert look.content_digest == "abc"


def test_a_run_that_goes_on_is_no_second_look(world, coin):
    adapter(world.home, "mine", world.digest)
    coin.fault, coin.at = RuntimeError("boom"), coin.attempts + 3
    with pytest.raises(RuntimeError):
        world(replace(MODEL, adapter="mine"))
    coin.fault = None
    world(replace(MODEL, adapter="mine"))
    world(replace(MODEL, adapter="mine"))
    assert [look.number for look in world.looks()] == [1]


def test_a_deleted_ledger_is_filled_up_from_the_store(world):
    adapter(world.home, "mine", world.digest)
    world()
    first = world(replace(MODEL, adapter="mine"))["run_id"]
    adapter(world.home, "mine", world.digest, weight=0.5)
    second = world(replace(MODEL, adapter="mine"))["run_id"]
    Path("ledger/looks.jsonl").unlink()
    adapter(world.home, "mine", world.digest, weight=0.75)
    world(replace(MODEL, adapter="mine"))
    assert [(look.number, look.source) for look in world.looks()] == [
        (1, "the store"), (2, "the store"), (3, ""),
    ]  # fmt: skip
    assert world.said == [
        f"ledger/looks.jsonl: lacked 2 looks that the store knows of: {first}, {second}; now in "
        "it, and counted. If it was cut, put it back from git"
    ]


def test_the_run_that_looked_keeps_its_place_when_its_line_is_cut(world):
    adapter(world.home, "mine", world.digest)
    for weight in (0.25, 0.5):
        adapter(world.home, "mine", world.digest, weight=weight)
        world(replace(MODEL, adapter="mine"))
    place = Path("ledger/looks.jsonl")
    place.write_text(place.read_text().splitlines(keepends=True)[0])
    world(replace(MODEL, adapter="mine"))
    assert [(look.number, look.alpha) for look in world.looks()] == [(1, 0.025), (2, 0.0125)]


def test_another_home_and_store_share_the_budget_by_content(world, store, coin, tmp_path):
    adapter(world.home, "mine", world.digest)
    world(replace(MODEL, adapter="mine"))
    (look,) = world.looks()
    coin.skill = "dice"
    store.upgrade("dice")
    other = store.skill("dice")
    run(
        coin,
        other,
        policy=PolicyConfig(),
        config=RunConfig(workers=2),
        split=SplitConfig(),
        host="Example 1",
        seed=1,
        home=tmp_path / "elsewhere",
    )
    held = held_out(other.items(), other.splits())
    asked = Look("dice", "model:x", "another", ["renamed"], "c", "r", item_keys(held))
    assert set(look.keys) & set(asked.keys)
    assert HoldoutLedger(home=tmp_path / "elsewhere").level(asked).number == 2


def test_a_decision_remembers_a_look_that_ledger_and_store_have_lost(world):
    line = {
        "kind": "decision",
        "candidate": {"name": "gone", "digest": "d" * 64},
        "skill": "coin",
        "decision": "rejected",
        "look": {"number": 3, "alpha": 0.00625, "content_digest": ["abc"], "runs": ["run-gone"]},
        "ledger": {"path": "ledger/looks.jsonl", "lines": 9, "looks": 3, "head": "0123456789ab"},
        "time": "2026-01-02T00:00:00+00:00",
    }
    with decisions.opened(world.home) as book:
        book.append(line)
    adapter(world.home, "mine", world.digest)
    world(replace(MODEL, adapter="mine"))
    assert [(look.number, look.alpha) for look in world.looks()] == [(3, 0.00625), (4, 0.003125)]
    assert world.said == [
        "ledger/looks.jsonl: has 1 line, and not the head 0123456789ab of the 9 lines that the "
        "decision of 2026-01-02T00:00:00+00:00 rests on: it was cut, or is another one; put it "
        "back from git",
        "ledger/looks.jsonl: lacked 1 look that the ledger of decisions knows of: run-gone; now "
        "in it, and counted. If it was cut, put it back from git",
    ]


def test_baselines_look_without_spending(world):
    world()
    world(replace(MODEL, shots=2))
    world(NEAREST)
    world(TEMPLATE)
    assert [look.alpha for look in world.looks()] == [0, 0, 0, 0]


def test_validation_is_no_look(world):
    world(split="validation")
    assert world.looks() == []


def test_an_evaluation_of_everything_is_a_look_at_the_held_out_items(world):
    world(split=None)
    (look,) = world.looks()
    splits = world.skill.splits()
    assert set(look.items) == {name for name, split in splits.items() if split == "holdout"}


@pytest.mark.parametrize(
    "change", [{"temperature": 0.8}, {"samples": 2}, {"max_tokens": 512}, {"samples": 0}]
)
def test_a_holdout_is_asked_in_one_way_only(world, change):
    (key,) = change
    with pytest.raises(EvalError, match=rf"run\.split=holdout: is asked in one fixed way.*{key}="):
        world(replace(MODEL, **change))
    assert world.looks() == []
    world(replace(MODEL, **{**change, "samples": 1}), split="validation")


def test_a_model_that_collects_stays_out_of_the_holdout(world):
    with pytest.raises(EvalError, match="a model that collects stays out"):
        world(purpose=Purpose.collect)
    assert world.looks() == []


def test_copies_are_no_training_data(world):
    for policy in (NEAREST, TEMPLATE):
        where = rf"policy={policy.kind.value}: a baseline is for evaluations"
        with pytest.raises(EvalError, match=where):
            world(policy, purpose=Purpose.collect, split="train")


def test_worked_examples_are_passing_training_answers_of_ours(world):
    world(replace(MODEL, shots=3))
    prompts = [messages for messages, _ in world.parrots[-1].asked]
    assert {len(messages) for messages in prompts} == {8}
    assert len({str(messages[1:7]) for messages in prompts}) == 1
    asked = [messages[n]["content"].split()[1] for messages in prompts[:1] for n in (1, 3, 5)]
    splits = world.skill.splits()
    assert {splits[name] for name in asked} == {"train"}
    families = {item.item_id: item.family for item in world.skill.items()}
    assert len({families[name] for name in asked}) == 3


def test_an_item_is_not_shown_its_own_answer(world):
    world(replace(MODEL, shots=3), split="train")
    for messages, _ in world.parrots[-1].asked:
        questions = [m["content"] for m in messages if m["role"] == "user"]
        assert questions[-1] not in questions[:-1]


def test_too_few_examples_say_where_they_come_from(world):
    with pytest.raises(RunError, match=r"needed\n.*forge run policy=gold"):
        world(replace(MODEL, shots=99))


def test_an_adapter_of_another_model_is_refused(world):
    adapter(world.home, "mine", "f" * 64)
    with pytest.raises(EvalError, match="adapter mine: was trained on another base model"):
        world(replace(MODEL, adapter="mine"))


@pytest.mark.parametrize("name", ["nobody", "./nowhere"])
def test_an_adapter_that_is_not_there_is_refused(world, name):
    with pytest.raises(TrainError):
        world(replace(MODEL, adapter=name))
    assert world.parrots == []


def test_no_model_at_all_is_one_line(world, coin, tmp_path):
    with pytest.raises(ForgeError, match=r"policy\.endpoint: no endpoint given"):
        actor.prepare(MODEL, coin, world.skill, None, tmp_path, 1)


def test_another_folder_is_a_candidate_of_its_own(world):
    other = base_model(world.home / "merged", b"other")
    world(replace(MODEL, local=other.path))
    (look,) = world.looks()
    assert (look.label, look.alpha) == ("model:merged", 0.025)
    assert look.candidate == find_base_model(other, Path()).digest


def test_an_unknown_split_is_named(world):
    with pytest.raises(ConfigError, match=r"run\.split: holdot: is no split\n.*holdout"):
        world(split="holdot")


def test_first_tries_are_read_as_results(world):
    adapter(world.home, "mine", world.digest)
    found = first_tries(world.skill, world(replace(MODEL, adapter="mine"))["run_id"])
    splits = world.skill.splits()
    assert [r.item_id for r in found] == sorted(n for n, s in splits.items() if s == "holdout")
    one = found[0]
    assert (one.skill, one.passed, one.script, one.prompt_tokens) == ("coin", True, "good", 50)
    assert one.answer.startswith("<tool_call>")
    assert {r.part for r in found} <= {"new_rule", "new_family"}


def test_a_summary_says_what_an_attempt_costs_where_a_model_was_asked(world):
    assert world(split="validation")["tokens_per_attempt"] == 59.0
    assert "tokens_per_attempt" not in world(NEAREST)


def test_a_second_try_is_not_read(world):
    run_id = world(PolicyConfig(), purpose=Purpose.collect, split=None)["run_id"]
    found = {r.item_id: r for r in first_tries(world.skill, run_id)}
    assert not found["r07"].passed  # its first answer fails, the content's passes
    assert len(found) == 23


def test_a_stopped_run_does_not_wait_for_the_model(world, monkeypatch, request):
    answered = threading.Event()
    # Whoever starts tests in the background of a script starts them with Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))

    def slow(parrot, *_):
        os.kill(os.getpid(), signal.SIGINT)
        assert answered.wait(60), "the run waited for its model"
        raise EndpointError("small", "is gone")

    monkeypatch.setattr(Parrot, "complete", slow)
    monkeypatch.setattr(Parrot, "close", lambda _: answered.set())
    with pytest.raises(Interrupted, match="what was judged is kept"):
        world(split="validation")
    assert stored(world) == ["model:small"]
