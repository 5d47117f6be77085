"""One skill and several skills: what a verb sees of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.config.compose.resolved import load_resolved, write_resolved
from harness_forge.config.several import skills_of
from harness_forge.core.errors import ConfigError
from harness_forge.rollouts import opening


def test_a_recipe_of_one_skill_is_that_skill():
    config = compose(None, ["skill=ubuntu"])
    assert skills_of(config) == [config]


def test_all_skills_are_each_as_if_it_were_the_only_one():
    found = skills_of(compose(None, ["skill=all"]))
    assert [one.skill.name for one in found] == ["stig", "ubuntu"]
    for one in found:
        alone = compose(None, [f"skill={one.skill.name}"])
        assert (one.skill, one.skills) == (alone.skill, {})


def test_one_of_several_skills_has_settings_of_its_own():
    config = compose(None, ["skill=all", "skills.ubuntu.scap.profile=cis"])
    assert [one.skill.scap.profile for one in skills_of(config)] == ["stig", "cis"]


def test_several_skills_survive_the_resolved_file(tmp_path):
    path = tmp_path / "resolved.yaml"
    write_resolved(path, None, ["skill=all"])
    assert load_resolved(path) == compose(None, ["skill=all"])


def test_a_key_of_one_skill_that_nothing_reads_is_told():
    config = compose(None, ["skill=all", "skill.scap.profile=cis"])
    with pytest.raises(ConfigError) as caught:
        skills_of(config)
    assert str(caught.value) == (
        "skill.scap: is not read where skill=all\n"
        "  hint: set it for one of them: skills.stig.scap, skills.ubuntu.scap"
    )


def test_a_skill_is_known_by_its_own_name():
    config = compose(None, ["skill=all"])
    config = replace(config, skills={"other": config.skills["stig"]})
    with pytest.raises(ConfigError, match=r"skills\.other\.name: must be 'other', not 'stig'"):
        skills_of(config)


def test_what_takes_one_skill_says_so():
    with pytest.raises(ConfigError) as caught:
        opening.open_environment(compose(None, ["skill=all"]))
    assert str(caught.value) == (
        "skill=all: this takes one skill\n  hint: one of: skill=stig, skill=ubuntu"
    )
