"""Hints name a command that works for the skill at hand: one attempts it, or records come in."""

import shlex

import pytest

from harness_forge.cli import main
from harness_forge.config.compose.engine import compose
from harness_forge.config.skill import EnvironmentKind, filling_command


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["skill=stig"], "forge run skill=stig policy=gold"),
        (["skill=all"], "forge run skill=all policy=gold"),
        (["skill=tau_bench"], "forge ingest source=NAME path=FILE skill=tau_bench"),
        (
            ["skill=recorded", "skill.name=mine"],
            "forge ingest source=NAME path=FILE skill=recorded skill.name=mine",
        ),
    ],
)
def test_the_command_that_fills_a_skill_is_of_that_skill(words, command):
    config = compose(None, words)
    assert filling_command(config.skill) == command
    _, verb, *said = shlex.split(command)
    named = [word for word in said if word.startswith("skill")]
    same = compose(None, named).skill
    assert same == config.skill
    assert (verb == "ingest") == (same.environment is EnvironmentKind.recorded)


@pytest.mark.parametrize(
    ("verb", "hint"),
    [
        (["export", "role=agent"], "nothing is there yet: {} takes records in"),
        (["power"], "items get a split with the first `{}`"),
        (
            ["export", "role=agent", "feedback=last", "feedback.run=x"],
            "nothing is attempted in a recorded skill: feedback=suite takes lm-eval's results",
        ),
    ],
    ids=["export", "power", "feedback"],
)
def test_no_verb_sends_the_owner_of_records_to_attempt_them(store, tmp_path, capsys, verb, hint):
    words = ["skill=recorded", "skill.name=mine", f"store.url='{store.url}'"]
    assert main([*verb, *words, f"forge_home={tmp_path}", f"data_dir={tmp_path}"])
    said = capsys.readouterr().err
    command = "forge ingest source=NAME path=FILE skill=recorded skill.name=mine"
    assert said.splitlines()[-1] == f"  hint: {hint.format(command)}"
    assert "forge run" not in said
