"""`forge kernel` and `harness_forge.Kernel`: turns captured and scored, health, the model."""

import json
from pathlib import Path

import pytest
from fake_judge import GOOD, FakeJudge

from harness_forge import Kernel, cli
from harness_forge.collect.capture import given_turns
from harness_forge.core.errors import ConfigError, EndpointError, SourceError
from harness_forge.registry import champion
from harness_forge.serving import aliases

FINE, POOR, MIDDLING = (dict.fromkeys(GOOD, score) for score in (0.9, 0.1, 0.5))


@pytest.fixture
def judge():
    server = FakeJudge(plan=[("fine", [FINE]), ("poor", [POOR]), ("middling", [MIDDLING])])
    yield server
    server.close()


@pytest.fixture
def words(store, tmp_path, judge):
    return [
        "recipe=kernel", f"store.url='{store.url}'", f"forge_home={tmp_path / 'home'}",
        f"judge.endpoint={judge.url}", f"data_dir={tmp_path / 'data'}", "engine.workers=0",
    ]  # fmt: skip


def turn(answer="a fine answer", prompt="Rename x to y.", session="s1", number=0):
    return {"session": session, "turn": number, "model": "m1", "prompt": prompt,
            "response": answer}  # fmt: skip


def written(path, *turns):
    path.write_text("".join(json.dumps(one) + "\n" for one in turns))
    return str(path)


def test_a_turn_is_captured_and_has_its_score(words):
    kernel = Kernel(words)
    done = kernel.process_turn(**turn())
    assert (done.score, done.scores, done.why) == (0.9, FINE, "")
    assert kernel.process_turn(**turn("a poor answer", number=1)).score == 0.1


def test_the_same_answer_is_judged_twice_and_an_old_one_not_again(words, judge):
    kernel = Kernel(words)
    kernel.process_turn(**turn())
    kernel.process_turn(**turn(session="s2"))
    kernel.score_waiting()
    assert len(judge.asked) == 2


def test_it_is_off_unless_it_is_enabled(words, tmp_path, capsys):
    kernel = Kernel([*words, "kernel.enabled=false"])
    assert kernel.process_turn(**turn()) is None
    assert kernel.get_active_model() == "smollm2-135m"
    assert kernel.get_health()["message"].startswith("off: ")
    assert not (tmp_path / "home").exists()
    assert cli.main(["kernel", "turn", "anything", "--json", *words, "kernel.enabled=false"]) == 0
    assert json.loads(capsys.readouterr().out) is None


def test_a_judge_that_is_away_loses_nothing(words, tmp_path, judge):
    away = [*words, "judge.endpoint=null"]
    done = Kernel(away).process_turn(**turn())
    assert (done.score, done.why) == (None, "judge.endpoint: no judge is given")
    assert Kernel(words).score_waiting() == 0, "it is in the store already"
    assert Kernel(words).score_of(given_turns.of_record(turn())).score == 0.9


def test_a_store_that_is_away_loses_nothing(words):
    away = [*words, "store.url='postgresql://nobody@127.0.0.1:9/none'"]
    done = Kernel(away).process_turn(**turn())
    assert done.score is None and done.why
    assert Kernel(words).score_waiting() == 1


def test_a_turn_may_wait_and_is_scored_with_the_next(words, judge):
    kernel = Kernel(words)
    assert kernel.process_turn(**turn("a poor answer"), wait=False).score is None
    assert judge.asked == []
    kernel.process_turn(**turn())
    assert kernel.score_of(given_turns.of_record(turn("a poor answer"))).score == 0.1


def test_good_and_bad_answers_to_a_prompt_become_pairs(words, tmp_path, capsys):
    lines = [
        turn(f"{how} answer {n}", f"Mend the {name}; it fails at row {n}.", number=n)
        for n, name in enumerate(("parser", "cache", "login form", "route planner"))
        for how in ("a fine", "a poor", "a middling")
    ]
    assert cli.main(["kernel", "turn", written(tmp_path / "t.jsonl", *lines), *words]) == 0
    assert "s1 0  0.9  (execution_success 0.9, " in capsys.readouterr().out
    assert cli.main(["export", "format=dpo", *words]) == 0
    out = tmp_path / "data" / "kernel_agent_dpo"
    pairs = [json.loads(line) for line in (out / "train.jsonl").read_text().splitlines()]
    ends = {(one["chosen"][0]["content"][2:6], one["rejected"][0]["content"][2:6]) for one in pairs}
    assert ends == {("fine", "poor")}
    ledger = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
    assert [one["reason"] for one in ledger if not one["kept"]] == ["judged_between"] * 4
    assert json.loads((out / "manifest.json").read_text())["seen"]["evaluators"] == {"judge": 8}


def test_answers_that_no_judge_was_asked_about_are_not_learned(words, tmp_path, capsys):
    kernel = Kernel(words)
    kernel.process_turn(**turn())
    Kernel([*words, "judge.endpoint=null"]).process_turn(**turn("new", "Another question?"))
    cli.main(["export", "format=dpo", *words])
    assert "unscored 1" in capsys.readouterr().err


def test_health_has_the_days_of_each_model(words, capsys):
    Kernel(words).process_turn(**turn())
    assert cli.main(["kernel", "health", *words, "health=imported", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["healthy"], told["trend"]) == (True, "unknown")
    [one] = told["models"]
    assert (one["model"], one["days"][0]["scores"]) == ("m1", [0, 0, 0, 0, 1])


def test_the_model_is_the_champion_where_a_server_has_it(words, tmp_path, monkeypatch):
    kernel, home = Kernel(words), tmp_path / "home"
    assert kernel.active_model().why == "kernel.agent has no champion"
    term = champion.ChampionTerm(champion.AdapterIdentity("kernel-agent", "d" * 64), "now", "h")
    monkeypatch.setattr(champion, "champion_stack", lambda lines, slot: [term])
    assert kernel.get_active_model() == "smollm2-135m"
    aliases.move(home, "kernel-agent-champion", "k-1", "http://127.0.0.1:8000/v1", "e" * 64)
    assert kernel.get_active_model() == "smollm2-135m", "what is served is another adapter"
    aliases.move(home, "kernel-agent-champion", "k-2", "http://127.0.0.1:8000/v1", "d" * 64)
    assert kernel.get_active_model() == "kernel-agent-champion"


@pytest.mark.parametrize(
    ("record", "what"),
    [
        (turn() | {"turn": -1}, "turn must be a number from 0 on, not -1"),
        (turn() | {"session": " "}, "session must be a name, not ' '"),
        (turn() | {"prompt": 3}, "the prompt is neither a text nor a list of messages"),
        (turn() | {"response": ""}, "response has neither words nor a call"),
        (turn() | {"answer": "a"}, "has unknown keys: answer"),
        ({"session": "s"}, "lacks turn, model, prompt, response"),
        ([1], "is no JSON object"),
    ],
)
def test_what_is_no_turn_is_refused(record, what):
    with pytest.raises(SourceError, match=what):
        given_turns.of_record(record)


def test_of_a_file_with_a_fault_no_turn_is_captured(words, tmp_path, capsys):
    path = written(tmp_path / "t.jsonl", turn(), {"session": "s"})
    assert cli.main(["kernel", "turn", path, *words]) == SourceError.exit_code
    assert "t.jsonl: turn 2: it lacks " in capsys.readouterr().err
    assert not (tmp_path / "home" / "kernel").exists()


def test_captured_without_a_score_has_an_exit_code_of_its_own(words, tmp_path, capsys):
    path = written(tmp_path / "t.jsonl", turn())
    code = cli.main(["kernel", "turn", path, *words, "judge.endpoint=null"])
    assert code == EndpointError.exit_code
    assert "1 turn captured and not scored: " in capsys.readouterr().err


def test_a_skill_with_an_environment_takes_no_turns():
    with pytest.raises(ConfigError, match="turns of an agent are no attempts in it"):
        Kernel(["kernel.enabled=true", "skill=stig"])


def test_the_recipe_runs_its_own_cycle():
    config = Kernel(["recipe=kernel"]).config
    assert config.schedule.command == ["forge", "kernel", "cycle"]
    assert (config.schedule.batch.scored, config.promote.name) == (32, "kernel")
    assert Path(config.dpo.dataset).name == "kernel_agent_dpo"
