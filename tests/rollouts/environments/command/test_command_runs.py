"""Runs over a `command` skill: attempts in the store, baselines that copy, the table."""

import json
import shutil
from dataclasses import replace

import pytest

from harness_forge.config.policy import PolicyConfig, PolicyKind
from harness_forge.config.run import Purpose, RunConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import EnvironmentKind, SkillConfig
from harness_forge.config.store import StoreConfig
from harness_forge.config.suite import SuiteConfig
from harness_forge.evaluation.questions import collect
from harness_forge.rollouts import opening
from harness_forge.rollouts.runs.results import first_tries

pytestmark = pytest.mark.sandbox

ROWS = [
    {"id": f"{name}_{k}", "kind": name, "does": f"n {sign} {k}", "given": 9, "wanted": wanted(k)}
    for name, sign, wanted in (("add", "+", lambda k: 9 + k), ("times", "*", lambda k: 9 * k))
    for k in range(2, 9)
]


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """What was found of the items, kept from test to test as it is from run to run."""
    return tmp_path_factory.mktemp("tried")


@pytest.fixture
def config(settings, store, home, tmp_path, tried):
    """A composition with fourteen items, as a recipe has them."""
    for file in tried.iterdir():
        shutil.copy(file, home / "command")
    items = tmp_path / "items.jsonl"
    items.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    skill = SkillConfig(
        name="small",
        host="small",
        environment=EnvironmentKind.command,
        command=replace(settings, items=str(items)),
    )
    yield ForgeConfig(skill=skill, store=StoreConfig(url=store.url), forge_home=str(home))
    for file in (home / "command").glob("small-*.jsonl"):
        shutil.copy(file, tried)


def run(config, kind, **settings):
    policy = PolicyConfig(kind=kind)
    return opening.run(replace(config, policy=policy, run=RunConfig(**settings)))


def test_gold_is_stored_and_baselines_copy_it(config, store):
    done = run(config, PolicyKind.gold)
    assert (done["items"], done["passed"], done["first_try"]) == (14, 14, 14)
    skill = store.skill("small")
    with skill.connect_read_only() as connection:
        (row,) = connection.execute(
            "SELECT evaluator, approach_prompt FROM attempts WHERE item_id = 'add_2'"
        )
    assert row[0] == "command"
    assert row[1] == (
        "Solve the task. Answer with one call of write.\n\nWrite f(n), which returns n + 2."
    )
    # A number is in the answer: the nearest answer has another one, the template puts it in.
    for kind, passed in ((PolicyKind.nearest, 0), (PolicyKind.template, 2)):
        asked = run(config, kind, purpose=Purpose.evaluate, split="validation")
        tries = first_tries(skill, asked["run_id"])
        # The arguments as a whole, where the answer is no fix script.
        assert json.loads(tries[0].script)["code"].startswith("def f(n):")
        assert (asked["items"], asked["passed"]) == (2, passed)


def test_a_run_again_is_left_alone_and_another_prompt_is_another_run(config):
    first = run(config, PolicyKind.gold)
    assert run(config, PolicyKind.gold)["run_id"] == first["run_id"]
    other = replace(config.skill.command, prompt="Write f, as {does}.")
    changed = replace(config, skill=replace(config.skill, command=other))
    assert run(changed, PolicyKind.gold)["run_id"] != first["run_id"]


def test_a_broken_answer_is_explained_by_the_reflector(config, store):
    run(config, PolicyKind.mutated, items=["add_2"])
    with store.skill("small").connect_read_only() as connection:
        (row,) = connection.execute(
            "SELECT messages::text, response::text FROM turns WHERE agent = 'reflector'"
        )
    assert "Write f(n), which returns n + 2.\\n\\nAnswer:\\ndef f(n):" in row[0]
    assert "one more" in row[1]
    assert "Rule:" not in row[0]


def test_a_suite_holds_arguments_against_gold_where_the_tool_takes_no_script(config):
    run(config, PolicyKind.gold)
    (asked,) = collect(config, SuiteConfig(), "validation")
    for document in asked.documents:
        (gold,) = map(json.loads, document.references)
        assert (document.argument, list(gold)) == ("", ["code"])
        assert gold["code"].startswith("def f(n):")
