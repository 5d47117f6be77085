"""One dataset of several skills and roles: one folder, one ledger, no leak between skills."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from harness_forge import cli
from harness_forge.config.compose.engine import compose
from harness_forge.config.several import exports_of
from harness_forge.core.errors import ConfigError, ExportError
from harness_forge.core.records import Origin, Split
from harness_forge.datasets.from_config import export_from_config


@pytest.fixture
def skills(store, harness):
    """A harness for each of two skills in one store."""
    store.upgrade("ubuntu")
    return harness, type(harness)(store.skill("ubuntu"), harness.data_dir)


@pytest.fixture
def composed(store, harness):
    """Compose target_b on the test's store."""

    def with_(*words: str):
        where = [f"store.url='{store.url}'", f"data_dir={harness.data_dir}"]
        return compose("target_b", [*where, *words])

    return with_


def fill(harness, item, script: str) -> None:
    """Give a skill one rule that gold passes and a mutation fails."""
    harness.attempt(item, script)
    harness.reflected(item, f"broken {script}")


def test_every_skill_and_role_goes_into_one_folder(skills, composed, lines):
    for harness in skills:
        name = harness.skill.name
        fill(harness, harness.item(f"{name}_a"), f"echo {name}")
        fill(harness, harness.item(f"{name}_v", Split.VALIDATION), f"echo {name} v")
    report = export_from_config(composed())
    assert report.path.name == "all_all_sft"
    rows = lines(report.path / "train.jsonl")
    assert [(row["source"], row["skill"], row["role"]) for row in rows] == [
        ("stig.turns:1", "stig", "worker"),
        ("stig.turns:3", "stig", "reflector"),
        ("ubuntu.turns:1", "ubuntu", "worker"),
        ("ubuntu.turns:3", "ubuntu", "reflector"),
    ]
    systems = {row["role"]: row["messages"][0]["content"] for row in rows}
    assert systems == {"worker": "You are the worker.", "reflector": "You are the reflector."}
    assert report.examples == {"train": 4, "validation": 4}


def test_manifest_and_ledger_account_for_each_skill_and_role(skills, composed, lines):
    stig, ubuntu = skills
    fill(stig, stig.item("rule_a"), "echo a")
    fill(ubuntu, ubuntu.item("rule_h", Split.HOLDOUT), "echo h")
    report = export_from_config(composed())
    manifest = json.loads((report.path / "manifest.json").read_text())
    ledger = lines(report.path / "ledger.jsonl")
    assert set(manifest["watermarks"]) == {"stig", "ubuntu"}
    assert manifest["watermarks"]["ubuntu"] == ubuntu.skill.watermark()
    found = {(part["skill"], part["role"]): part["rows"] for part in manifest["parts"]}
    assert found["stig", "architect"] == {"read": 0, "kept": 0, "rejected": {}}
    assert found["ubuntu", "worker"] == {
        "read": 2,
        "kept": 0,
        "rejected": {"held_out": 1, "not_passed": 1},
    }
    for (skill, role), rows in found.items():
        own = [
            entry
            for entry in ledger
            if (entry["source"].partition(".")[0], entry["role"]) == (skill, role)
        ]
        assert len(own) == rows["read"] == rows["kept"] + sum(rows["rejected"].values())
        reasons = Counter(entry["reason"] for entry in own if not entry["kept"])
        assert reasons == rows["rejected"]
    assert sum(rows["read"] for rows in found.values()) == manifest["rows"]["read"] == len(ledger)


@pytest.mark.parametrize("side", [Split.HOLDOUT, Split.VALIDATION, Split.QUARANTINE])
def test_a_rule_that_another_skill_keeps_is_not_trained_on(skills, composed, lines, side):
    stig, ubuntu = skills
    stig.item("shared", side)  # never attempted there, and kept all the same
    fill(ubuntu, ubuntu.item("shared"), "echo shared")
    fill(ubuntu, ubuntu.item("own"), "echo own")
    report = export_from_config(composed())
    assert {row["item_id"] for row in lines(report.path / "train.jsonl")} == {"own"}
    assert report.rejected == {"held_out_elsewhere": 2, "not_passed": 2}


def test_a_held_out_rule_is_not_even_tuned_on_elsewhere(skills, composed):
    stig, ubuntu = skills
    stig.item("shared", Split.HOLDOUT)
    fill(ubuntu, ubuntu.item("shared", Split.VALIDATION), "echo shared")
    fill(ubuntu, ubuntu.item("own"), "echo own")
    assert export_from_config(composed()).examples == {"train": 2, "validation": 0}


def test_a_skill_by_itself_loses_nothing_to_another(skills, composed):
    stig, ubuntu = skills
    stig.item("shared", Split.HOLDOUT)
    fill(ubuntu, ubuntu.item("shared"), "echo shared")
    assert export_from_config(composed("skill=ubuntu", "role=worker")).kept == 1


def test_what_two_skills_say_alike_is_kept_once(skills, composed):
    for harness in skills:
        fill(harness, harness.item("shared"), "echo same")
    report = export_from_config(composed())
    assert report.rejected == {"duplicate": 2, "not_passed": 2}
    assert report.examples["train"] == 2


def test_pairs_of_several_skills(skills, composed, lines):
    _, ubuntu = skills
    for harness in skills:
        fill(harness, harness.item(f"{harness.skill.name}_a"), f"echo {harness.skill.name}")
        fill(harness, harness.item("shared"), "echo same")
    ubuntu.item("stig_a", Split.HOLDOUT)
    report = export_from_config(composed("format=dpo"))
    rows = lines(report.path / "train.jsonl")
    assert [(row["skill"], row["role"], row["item_id"]) for row in rows] == [
        ("stig", "worker", "shared"),
        ("ubuntu", "worker", "ubuntu_a"),
    ]
    assert report.rejected == {"duplicate": 2, "held_out_elsewhere": 2}
    assert len({row["id"] for row in rows}) == len(rows)


def test_two_exports_are_the_same_bytes(skills, composed):
    for harness in skills:
        for number in range(4):
            fill(harness, harness.item(f"rule_{number}"), f"echo {harness.skill.name} {number}")
    first = {p.name: p.read_bytes() for p in export_from_config(composed()).path.iterdir()}
    second = {p.name: p.read_bytes() for p in export_from_config(composed()).path.iterdir()}
    assert first == second


def test_the_command_shows_each_part(skills, store, capsys):
    for harness in skills:
        fill(harness, harness.item(f"{harness.skill.name}_a"), f"echo {harness.skill.name}")
    where = [f"store.url='{store.url}'", f"data_dir={skills[0].data_dir}"]
    assert cli.main(["export", "role=all", "skill=all", *where]) == 0
    out = capsys.readouterr().out
    assert f"{skills[0].data_dir}/all_all_sft" in out
    assert [line.split() for line in out.splitlines() if "reflector" in line] == [
        ["stig", "reflector", "1", "1", "1", "0"],
        ["ubuntu", "reflector", "1", "1", "1", "0"],
    ]


def test_no_rows_at_all_is_told_for_every_skill(skills, composed):
    stig, _ = skills
    stig.attempt(stig.item("rule_a"))
    with pytest.raises(ExportError) as caught:
        export_from_config(composed("role=architect"))
    assert caught.value.what == "no rows of role 'architect' in skill 'all'"
    assert caught.value.hint == "roles with turns here: stig: worker (1)"


def test_a_fault_names_the_role_it_is_in(skills, composed):
    sql = "exports.reflector.sql='SELECT nothing FROM turn_examples'"
    with pytest.raises(ExportError, match=r"^exports\.reflector\.sql: "):
        export_from_config(composed(sql))


def test_a_condition_that_took_the_rows_names_its_role(skills, composed):
    stig, _ = skills
    stig.attempt(stig.item("rule_a"), passed=False)
    with pytest.raises(ExportError) as caught:
        export_from_config(composed())
    assert caught.value.hint == "most fell to exports.worker.require.not_passed: eval_passed"


def test_a_key_of_one_role_that_nothing_reads_is_told(composed):
    with pytest.raises(ConfigError) as caught:
        exports_of(composed("export.require.first='attempt_num = 1'"))
    assert str(caught.value) == (
        "export.require: is not read where role=all\n  hint: set it for one of them: "
        "exports.worker.require, exports.reflector.require, exports.architect.require, "
        "exports.auditor.require"
    )


def test_a_key_that_the_roles_do_read_reaches_them(skills, composed):
    stig, _ = skills
    stig.attempt(stig.item("rule_a"), origin=Origin.CONTENT)
    assert export_from_config(composed("export.include_fallback=true")).kept == 1


def test_a_recipe_of_one_role_is_that_role(sft):
    config = compose(None, ["role=worker"])
    assert exports_of(config) == {"worker": config.export}
    assert (
        exports_of(replace(config, export=replace(config.export, name="x")))["worker"].name == "x"
    )
