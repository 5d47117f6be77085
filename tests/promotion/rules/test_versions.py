"""Numbers and names after 8gent's grammar, at each edge of its bump rules."""

from dataclasses import replace

import pytest
from promoting_evidence import CANDIDATE, OTHER

from harness_forge.config.promote import Bump, VersionConfig
from harness_forge.registry.champion import ChampionTerm
from harness_forge.registry.versions import GRAMMAR, VersionInputs, version

MADE = VersionInputs(
    name="eight",
    base={"name": "qwen3:14b", "digest": "q3"},
    form="LORA",
    scores={"code/tests": 0.60, "code/security": 0.5, "replay/new_rule": 0.4},
    passing=["code/tests", "code/security"],
)


def term(made=MADE, number="1.0.0", candidate=OTHER):
    told = {"number": number, "made": made.facts()}
    return ChampionTerm(candidate, "t", "h", {"version": told} if number else {})


def after(made, *past_champions, stack=None, **config):
    return version(
        VersionConfig(**config), made, list(stack or past_champions), list(past_champions)
    )


def scored(**changes):
    return replace(
        MADE, scores=MADE.scores | {k.replace("_", "/", 1): v for k, v in changes.items()}
    )


def test_the_first_is_one():
    told = after(MADE)
    assert (told["number"], told["name"], told["bump"]) == ("1.0.0", "eight-1.0.0-q3:14b", "first")


BUMPS = [
    (scored(code_tests=0.6499), "1.0.1", "at most +5.0 points, on code/tests"),
    (scored(code_tests=0.65), "1.1.0", "+5.0 points on code/tests"),
    (scored(code_tests=0.55), "1.0.1", "at most +0.0 points"),
    (scored(replay_new_rule=0.45), "1.1.0", "+5.0 points on replay/new_rule"),
    (replace(MADE, base={"name": "qwen4:14b", "digest": "q4"}), "2.0.0", "base model qwen4:14b"),
    (replace(MADE, form="LORA+DORA"), "2.0.0", "adapter format LORA+DORA, before it LORA"),
]


@pytest.mark.parametrize(("made", "number", "why"), BUMPS)
def test_bumps(made, number, why):
    told = after(made, term())
    assert told["number"] == number
    assert why in told["why"]


def test_a_domain_that_passes_for_the_first_time_is_a_minor_one():
    new = replace(scored(code_safety=0.8), passing=[*MADE.passing, "code/safety"])
    assert after(new, term())["why"] == "code/safety passes for the first time"
    almost = replace(scored(code_safety=0.799), passing=[*MADE.passing, "code/safety"])
    assert after(almost, term())["number"] == "1.0.1"
    assert after(new, term(new), term(number="1.1.0"))["number"] == "1.1.1"


def test_a_part_of_the_replay_is_no_domain():
    assert after(scored(replay_new_family=0.9), term())["number"] == "1.0.1"


def test_a_number_is_given_once_also_after_a_rollback():
    first, second = term(), term(number="1.1.0", candidate=CANDIDATE)
    assert after(MADE, first, second, stack=[first])["number"] == "1.1.1"


def test_champions_from_before_versions_count_as_patches():
    old = [term(number=None), term(number=None, candidate=CANDIDATE)]
    assert after(MADE, *old)["number"] == "1.0.2"


def test_an_overhaul_is_said_by_hand():
    told = after(MADE, term(number="1.4.2"), bump=Bump.major)
    assert (told["number"], told["why"]) == ("2.0.0", "as promote.version.bump says")


NAMES = [
    ("qwen3:14b", "-q3:14b"),
    ("Qwen/Qwen2.5-Coder-14B", "-q2.5:14b"),
    ("smollm2-135m", "-s2:135m"),
    ("Llama-3.1-8B-Instruct", "-l3.1:8b"),
    ("gemma-7b", ""),
    ("local", ""),
    ("", ""),
]


@pytest.mark.parametrize(("base", "suffix"), NAMES)
def test_names_tell_the_base_model_where_its_own_name_does(base, suffix):
    told = after(replace(MADE, base={"name": base, "digest": "d"}))
    assert told["name"] == f"eight-1.0.0{suffix}"
    assert GRAMMAR.fullmatch(told["name"])


def test_segments_can_be_set():
    told = after(replace(MADE, base={"name": "local"}), name="Eight", base="g1", size="7b")
    assert told["name"] == "eight-1.0.0-g1:7b"
    assert GRAMMAR.fullmatch(told["name"])["size"] == "7b"
