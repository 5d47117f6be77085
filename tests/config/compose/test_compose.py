import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.overrides import expand
from harness_forge.config.compose.project import recipes
from harness_forge.config.policy import PolicyKind
from harness_forge.config.schema import GROUPS, ForgeConfig
from harness_forge.core.errors import ConfigError, Faults

ROOT = Path(__file__).parents[3]


def test_every_recipe_composes():
    found = recipes()
    assert set(found) >= {"target_a", "target_b"}
    assert set(found) == {path.stem for path in (ROOT / "recipes").glob("*.yaml")}
    for name in found:
        assert compose(name).recipe == name


def test_returns_frozen_dataclasses_all_the_way_down():
    config = compose()
    assert isinstance(config, ForgeConfig)
    for part in (config, config.policy, config.skill.scap, config.attempt["gold"]):
        with pytest.raises(AttributeError):
            part.seed = 1
    assert config.policy.kind is PolicyKind.gold


def test_role_and_format_choose_the_export():
    assert compose(overrides=["role=worker", "skill=stig", "format=dpo"]).export.kind.name == "dpo"
    assert compose(overrides=["format=sft"]).export.name == "stig_worker_sft"
    assert compose(overrides=["skill=ubuntu"]).export.name == "ubuntu_worker_sft"


def test_an_export_can_be_named_outright():
    assert compose(overrides=["export=worker_dpo"]).export.kind.name == "dpo"


def test_policy_with_a_name_is_the_model_with_that_adapter():
    policy = compose(overrides=["policy=model:stig-worker"]).policy
    assert (policy.kind, policy.adapter) == (PolicyKind.model, "stig-worker")


def test_a_mapping_takes_a_new_name_without_a_plus():
    require = compose(overrides=["export.require.sure='outcome_confidence > 0.9'"]).export.require
    assert require["sure"] == "outcome_confidence > 0.9"
    assert require["not_passed"] == "eval_passed"


def test_a_new_attempt_step_can_be_added_and_one_taken_away():
    steps = compose(
        overrides=["attempt.own.policy=model", "attempt.own.limit=3", "~attempt.mutated"]
    ).attempt
    assert list(steps) == ["gold", "own"]
    assert (steps["own"].policy, steps["own"].limit) == (PolicyKind.model, 3)


def test_later_overrides_win():
    assert compose(overrides=["run.limit=1", "run.limit=2"]).run.limit == 2


def test_recipe_can_be_picked_among_the_overrides():
    with pytest.raises(ConfigError, match="there is no 'other'"):
        compose(None, ["recipe=other"])
    assert compose("target_a", ["recipe=other"]).recipe == "target_a"


def test_a_sweep_makes_every_combination():
    jobs = expand(["policy=gold,mutated", "run.limit=1,2", "seed=5"])
    assert jobs[0] == ["policy=gold", "run.limit=1", "seed=5"]
    assert len(jobs) == 4


def test_adapters_can_be_swept():
    jobs = expand(["policy=model:a,model:b"])
    assert [compose(overrides=job).policy.adapter for job in jobs] == ["a", "b"]


def test_a_workset_can_be_added_under_another_name():
    config = compose(overrides=["+workset@worksets.second=train"])
    assert config.worksets["second"] == config.worksets["train"]


def test_a_folder_with_odd_characters_is_no_hindrance(tmp_path, monkeypatch):
    place = tmp_path / "my pröject, here"
    for name in ("conf", "recipes"):
        shutil.copytree(ROOT / name, place / name)
    monkeypatch.chdir(place)
    assert compose().recipe == "target_a"


def test_a_list_is_not_a_sweep():
    assert expand(["run.items=[a,b]"]) == [["run.items=[a,b]"]]


@pytest.mark.parametrize(
    ("override", "told"),
    [
        (
            "skill=sti",
            "command line: skill: there is no 'sti'\n"
            "  hint: did you mean 'stig'? known choices: all, b4mad, beads, cis, codebase, demo, "
            "four, gemma_cve, gemma_stig, hardening, reasoning, recorded, reflexion, repair, "
            "settings, stig, tau_bench, tool_calls, ubuntu, ubuntu_cis",
        ),
        (
            "run.limt=3",
            "command line: run.limt: unknown key\n  hint: did you mean 'limit'? "
            "known keys: purpose, workers, fresh, limit, items, split",
        ),
        (
            "max_tokens=3",
            "command line: max_tokens: unknown key\n  hint: did you mean 'policy.max_tokens'?",
        ),
        ("run.limit=many", "command line: run.limit: must be a whole number, not 'many'"),
        ("run.fresh=perhaps", "command line: run.fresh: must be true or false, not 'perhaps'"),
        (
            "run.items=a",
            "command line: run.items: must be a list, not 'a'\n  hint: write items=[a]",
        ),
        ("seed=null", "command line: seed: must not be empty"),
        (
            "policy.kind=glod",
            "command line: policy.kind: unknown value 'glod'\n"
            "  hint: did you mean 'gold'? known values: gold, mutated, model, nearest, template, "
            "extractive",
        ),
        (
            "seed.deep=1",
            "command line: seed.deep: unknown key\n  hint: seed has no keys of its own",
        ),
        (
            "policy=gold,mutated",
            "command line: policy: several values\n"
            "  hint: add -m to run once for each; a list is policy=[a,b]",
        ),
        (
            "run.items=[",
            "command line: cannot read 'run.items=['\n  hint: write key=value; "
            "quote a value with spaces, commas or brackets: \"key='a, b'\"",
        ),
        (
            "source.mapping.roles={a: b",
            "command line: cannot read 'source.mapping.roles={a: b'\n"
            "  hint: write key=value; a brace in it has no partner",
        ),
        (
            "workset@worksets.more=train",
            "command line: Could not override 'workset@worksets.more'\n"
            "  hint: put + before it to add it",
        ),
        (
            "stig",
            f"command line: 'stig' is not key=value\n  hint: known groups: {', '.join(GROUPS)}",
        ),
    ],
)
def test_a_wrong_override_gets_one_line(override, told):
    with pytest.raises(ConfigError) as caught:
        compose(overrides=[override])
    assert str(caught.value) == told
    assert caught.value.exit_code == 2


def test_wrong_overrides_are_told_together():
    with pytest.raises(Faults) as caught:
        compose(overrides=["sed=1", "run.limit=x"])
    assert [fault.where for fault in caught.value.faults] == [
        "command line: sed",
        "command line: run.limit",
    ]
    assert caught.value.exit_code == 2


def test_an_unset_variable_names_file_and_remedy(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("FORGE_STORE_URL", raising=False)
    with pytest.raises(ConfigError) as caught:
        compose(overrides=["store=server"])
    assert str(caught.value) == (
        "conf/store/server.yaml: store.url: environment variable FORGE_STORE_URL is not set\n"
        "  hint: export it, or give store.url=…"
    )


def test_a_server_can_be_given_on_the_command_line():
    config = compose(overrides=["store=server", "store.url=postgresql://forge@db/forge"])
    assert config.store.url == "postgresql://forge@db/forge"


@pytest.mark.parametrize("role", ["worker", "reflector", "architect", "auditor", "agent", "all"])
def test_the_shape_of_a_line_changes_no_row(role):
    rows = compose(overrides=[f"role={role}"])
    for shape in ("sharegpt", "alpaca", "prompt_completion"):
        shaped = compose(overrides=[f"role={role}", f"format={shape}"])
        assert shaped.export == replace(rows.export, name=f"stig_{role}_{shape}")
        assert {name: one.sql for name, one in shaped.exports.items()} == {
            name: one.sql for name, one in rows.exports.items()
        }


def test_an_old_name_of_an_export_is_told_what_it_is_called_now():
    with pytest.raises(ConfigError) as caught:
        compose(overrides=["export=reflector_prompt_completion"])
    assert str(caught.value) == (
        "command line: export: there is no 'reflector_prompt_completion'\n"
        "  hint: rows and the shape of a line are two choices: role=reflector"
        " format=prompt_completion; in a recipe, export: ${rows:${role},${format}}"
    )


def test_a_recipe_of_before_is_told_the_new_spelling(project):
    base = project / "recipes/base.yaml"
    base.write_text(base.read_text().replace("${rows:${role},${format}}", "${role}_${format}"))
    assert compose(overrides=["format=dpo"]).export.name == "stig_worker_dpo"
    with pytest.raises(ConfigError, match=r"recipes/target_a.yaml: export: there is no 'worker_al"):
        compose(overrides=["format=alpaca"])


def test_a_file_of_your_own_for_one_shape_comes_first(project):
    (project / "conf/export/worker_alpaca.yaml").write_text("defaults: [worker_sft]\nname: mine\n")
    assert compose(overrides=["format=alpaca"]).export.name == "mine"
    assert compose(overrides=["format=sharegpt"]).export.name == "stig_worker_sharegpt"
