from pathlib import Path

import pytest

from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.scap.content import load_rules

SITE = Path(__file__).with_name("site-ds.xml")


@pytest.fixture(scope="module")
def strict():
    return load_rules(SITE, "strict")


def test_a_profile_adds_to_and_takes_from_the_one_it_extends(strict):
    assert list(load_rules(SITE, "base")) == ["door_limit", "no_gate", "by_hand"]
    assert list(strict) == ["door_limit", "no_gate", "lamp_mode"]


def test_a_rule_in_a_group_that_is_not_selected_is_left_out(strict):
    assert "in_closed_group" not in strict


def test_refined_values_stand_in_fix_and_check(strict):
    rule = strict["door_limit"]
    assert rule.fix == "limit='3'\necho doors=$limit\n"
    assert "5" in load_rules(SITE, "base")["door_limit"].fix
    limit = next(c for c in rule.checks if c.kind == "textfilecontent54").expected("subexpression")
    assert (limit.operation, limit.values) == ("less than or equal", ("3",))


def test_title_severity_and_platform_are_read(strict):
    rule = strict["door_limit"]
    assert (rule.title, rule.severity, rule.platforms) == ("Limit the doors", "medium", ("#house",))


def test_a_check_that_lies_elsewhere_leaves_a_rule_without_checks():
    assert load_rules(SITE, "base")["by_hand"].checks == ()


def test_the_first_matching_family_wins():
    rules = load_rules(SITE, "strict", families={"door_limit": "door", "door|no": "other_door"})
    families = [rule.family for rule in rules.values()]
    assert families == ["door", "other_door", "other"]


def test_digest_tells_values_apart_but_not_wording(strict, tmp_path):
    renamed = tmp_path / "ds.xml"
    text = SITE.read_text().replace("Limit the   doors", "Doors").replace("tst:door", "tst:other")
    renamed.write_text(text)
    same = load_rules(renamed, "strict")["door_limit"]
    assert same.title == "Doors"
    assert same.digest == strict["door_limit"].digest
    assert load_rules(SITE, "base")["door_limit"].digest != same.digest


def test_the_cache_gives_back_the_same_rules(strict, tmp_path):
    load_rules(SITE, "strict", cache_dir=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    assert load_rules(SITE, "strict", cache_dir=tmp_path) == strict


def test_a_damaged_cache_is_parsed_again(strict, tmp_path):
    load_rules(SITE, "strict", cache_dir=tmp_path)
    next(tmp_path.iterdir()).write_text('[{"id": 1}]')
    assert load_rules(SITE, "strict", cache_dir=tmp_path) == strict


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("absent.xml", None, "cannot read the SCAP content: No such file or directory"),
        ("broken.xml", "<a>", "is not XML"),
    ],
)
def test_content_that_cannot_be_read_is_one_line_and_a_hint(tmp_path, name, text, what):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(SandboxError) as error:
        load_rules(path, "strict")
    assert str(error.value).startswith(f"{path}: {what}")
    assert error.value.hint


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(SandboxError) as error:
        load_rules(SITE, "stirct")
    assert str(error.value) == (
        f"{SITE}: no profile 'stirct'\n  hint: did you mean 'strict'? known profiles: base, strict"
    )
