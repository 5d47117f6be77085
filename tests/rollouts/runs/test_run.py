from dataclasses import replace

import pytest

from harness_forge.config.policy import PolicyConfig, PolicyKind
from harness_forge.config.prompt import PromptConfig, PromptContext
from harness_forge.config.run import Purpose, RunConfig
from harness_forge.config.split import SplitConfig
from harness_forge.core.errors import EndpointError, Interrupted, RunError
from harness_forge.rollouts.runs.opening import run

MUTATED = PolicyConfig(PolicyKind.mutated)


def go(coin, skill, tmp_path, policy=None, more=None, **config):
    return run(
        coin,
        skill,
        policy=policy or PolicyConfig(),
        config=RunConfig(workers=2, **config),
        split=SplitConfig(),
        host="Example 1",
        seed=1,
        home=tmp_path,
        **(more or {}),
    )


def rows(skill, query):
    with skill.connect_read_only() as connection:
        return connection.execute(query).fetchall()


def test_gold_falls_back_where_ours_fails(coin, skill, tmp_path):
    summary = go(coin, skill, tmp_path)
    assert summary["items"] == summary["passed"] == 23  # r05 has no full cycle
    assert summary["first_try"] == 22
    assert summary["passed_by_origin"] == {"content": 1, "ours": 22}
    assert rows(skill, "SELECT item_id FROM attempts WHERE origin = 'content'") == [("r07",)]


def test_the_same_run_again_attempts_nothing(coin, skill, tmp_path):
    first = go(coin, skill, tmp_path)
    judged = coin.attempts
    second = go(coin, skill, tmp_path)
    assert second == {**first, "new_items": 0}
    assert coin.attempts == judged
    assert go(coin, skill, tmp_path, fresh=True)["run_id"] != first["run_id"]


@pytest.mark.parametrize("fault", [RuntimeError("boom"), EndpointError("u", "down")])
def test_a_run_that_failed_goes_on_without_doubling_rows(coin, skill, tmp_path, fault):
    coin.fault, coin.at = fault, 9
    with pytest.raises(type(fault)):
        go(coin, skill, tmp_path)
    assert rows(skill, "SELECT status FROM runs") == [("interrupted",)]
    coin.fault = None
    assert 0 < go(coin, skill, tmp_path)["new_items"] < 23
    assert rows(skill, "SELECT count(*), count(DISTINCT item_id) FROM attempts") == [(24, 23)]
    assert rows(skill, "SELECT status FROM runs") == [("complete",)]


def test_ctrl_c_keeps_what_was_judged(coin, skill, tmp_path, monkeypatch):
    from harness_forge.rollouts.runs import drive

    def pressed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(drive, "wait", pressed)
    with pytest.raises(Interrupted, match="what was judged is kept"):
        go(coin, skill, tmp_path)
    assert rows(skill, "SELECT status FROM runs") == [("interrupted",)]


def test_turns_hold_the_whole_exchange(coin, skill, tmp_path):
    go(coin, skill, tmp_path, items=["r01"])
    (messages, tools, response, tokens), *rest = rows(
        skill, "SELECT messages, tools, response, prompt_tokens FROM turns"
    )
    assert not rest
    assert [m["role"] for m in messages] == ["system", "user"]
    assert tools[0]["function"]["name"] == "apply_fix"
    assert response["tool_calls"][0]["function"]["arguments"] == '{"fix_script": "good"}'
    assert tokens is None  # no model was asked


def test_mutated_failures_leave_tips_with_their_source(coin, skill, tmp_path):
    go(coin, skill, tmp_path, MUTATED)
    sourced = rows(skill, "SELECT count(*), count(source_attempt_id) FROM tips")
    assert sourced == [(46, 46)]
    agents = rows(skill, "SELECT agent, count(*) FROM turns GROUP BY 1 ORDER BY 1")
    assert agents == [("reflector", 46), ("worker", 46)]


def test_teachers_write_turns_of_the_roles_that_are_asked_for(coin, skill, tmp_path):
    plain = go(coin, skill, tmp_path, MUTATED, limit=3)
    asked = replace(MUTATED, roles=["architect", "auditor"], variants=1)
    go(coin, skill, tmp_path, asked, limit=3)
    query = """SELECT agent, count(*) FROM turns JOIN runs ON runs.id = turns.run_id
        WHERE runs.config -> 'policy' ? 'roles' GROUP BY 1 ORDER BY 1"""
    of_roles = [("architect", 3), ("auditor", 3), ("reflector", 3), ("worker", 3)]
    assert rows(skill, query) == of_roles
    assert go(coin, skill, tmp_path, MUTATED, limit=3) == {**plain, "new_items": 0}


def test_later_runs_consider_earlier_tips_of_training_items_only(coin, skill, tmp_path):
    go(coin, skill, tmp_path, MUTATED)
    assert rows(skill, "SELECT count(*) FROM tip_retrievals") == [(0,)]
    go(coin, skill, tmp_path)
    query = """SELECT count(*) > 0, bool_and(t.attempt_id IS NOT NULL), bool_or(included),
        bool_and(s.split = 'train')
        FROM tip_retrievals t JOIN tips p ON p.id = t.tip_id
        JOIN items i ON i.item_id = p.source_rule_id JOIN splits s USING (group_key)"""
    assert rows(skill, query) == [(True, True, False, True)]


def test_an_evaluation_considers_no_tips(coin, skill, tmp_path):
    go(coin, skill, tmp_path, MUTATED)
    go(coin, skill, tmp_path, purpose=Purpose.evaluate, split="holdout")
    assert rows(skill, "SELECT count(*) FROM tip_retrievals") == [(0,)]
    query = """SELECT DISTINCT s.split FROM attempts a JOIN runs r ON r.id = a.run_id
        JOIN items USING (item_id) JOIN splits s USING (group_key) WHERE r.purpose = 'evaluate'"""
    assert rows(skill, query) == [("holdout",)]


def test_an_unknown_item_gets_its_near_names(coin, skill, tmp_path):
    with pytest.raises(RunError) as caught:
        go(coin, skill, tmp_path, items=["r1"])
    assert str(caught.value).startswith("run.items: r1: no such work item in this skill\n")
    assert "did you mean r" in str(caught.value)


def test_an_item_that_cannot_be_judged_is_refused(coin, skill, tmp_path):
    with pytest.raises(RunError, match="r05: cannot be judged here"):
        go(coin, skill, tmp_path, items=["r05"])


def test_an_empty_selection_says_what_was_selected(coin, skill, tmp_path):
    go(coin, skill, tmp_path)
    splits = skill.splits()
    trained = min(name for name, split in splits.items() if split == "train")
    with pytest.raises(RunError, match="the selection was split=holdout, items="):
        go(coin, skill, tmp_path, items=[trained], split="holdout")


def test_another_prompt_context_is_another_run_whose_prompts_say_more(coin, skill, tmp_path):
    plain = [
        replace(item, facts={"description": "Toss it.", "question": "Heads?"})
        for item in coin.survey()
    ]
    coin.survey = lambda progress=None: plain
    first = go(coin, skill, tmp_path, items=["r01"])
    described = {"prompt": PromptConfig(PromptContext.description)}
    second = go(coin, skill, tmp_path, items=["r01"], more=described)
    assert second["new_items"] == 1
    assert go(coin, skill, tmp_path, items=["r01"], more=described)["run_id"] == second["run_id"]
    assert go(coin, skill, tmp_path, items=["r01"])["run_id"] == first["run_id"]
    said = [messages[1]["content"] for (messages,) in rows(skill, "SELECT messages FROM turns")]
    assert said[1] == f"{said[0]}\nDescription:\nToss it.\nCheck:\nHeads?"
