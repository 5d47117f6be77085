"""The bundles of ours: every check can be passed, and is not passed by saying nothing."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.config.several import suites_of
from harness_forge.config.suite import OURS, SuiteConfig, SuiteKind
from harness_forge.core.errors import ConfigError, EvalError
from harness_forge.evaluation.lmeval.folder import fingerprint
from harness_forge.evaluation.scoring import checks
from harness_forge.evaluation.suites import load

NAMES = sorted(place.name for place in OURS.iterdir() if place.is_dir())
CATEGORIES = (
    "intent_classification", "orchestration", "tool_use", "code_review", "reasoning",
    "architecture", "conciseness", "affect_reasoning", "consciousness_articulation",
)  # fmt: skip


def bundle(name, **changes):
    return SuiteConfig(name=name, kind=SuiteKind.bundle, metrics=["score"], **changes)


def one_of(word):
    word = word if isinstance(word, str) else word[0]
    return word.removesuffix("*")


def hermes(name, arguments):
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


def called(check):
    for wanted in check["truth"]:
        ((name, allowed),) = wanted.items()
        arguments = {key: values[0] for key, values in allowed.items() if values[0] != ""}
        # Where the first value allowed is "", it may be left out, or be just that.
        arguments |= {key: "" for key, values in allowed.items() if values == ["", "\n", " "]}
        for key, words in check.get("mentions", {}).items():
            arguments[key] = " ".join(map(one_of, words))
        for key in check.get("free", ()):
            if key in arguments and key not in check.get("mentions", {}):
                arguments[key] = "some words"
        yield hermes(name, arguments)


def played(check):
    """Yield calls that bring the beads to the goal: blockers first."""
    start, goal = check["start"], check["goal"]
    for key in sorted(goal, key=lambda key: len(start.get(key, {}).get("needs", ()))):
        facts, before = goal[key], start.get(key, {})
        if key == "new":
            yield hermes("bead_create", {k: v for k, v in facts.items() if k != "status"})
            continue
        if facts.get("assignee") and before["status"] == "open":
            yield hermes("bead_claim", {"id": key, "assignee": facts["assignee"]})
        if facts.get("comments"):
            yield hermes("bead_comment", {"id": key, "text": "a word"})
        for blocker in facts.get("needs", ()):
            yield hermes("bead_depend", {"id": key, "blocker": blocker})
        if facts["status"] == "closed":
            yield hermes("bead_close", {"id": key, "reason": facts.get("reason", "done")})


def right(check):
    """Return an answer that the check should let pass."""
    kind = check["kind"]
    if kind == "label":
        return check["answer"]
    if kind == "number":
        return f"so {check['value']}"
    if kind == "mentions":
        return " ".join(map(one_of, check["all"]))
    if kind == "order":
        return ", ".join(map(one_of, check["steps"]))
    if kind == "json":
        fields = check["fields"].items()
        return json.dumps({key: v[0] if isinstance(v, list) else v for key, v in fields})
    if kind == "calls":
        return "\n".join(called(check)) or "In words."
    return "\n".join(played(check))


@pytest.mark.parametrize("name", NAMES)
def test_every_item_can_be_answered_and_silence_answers_none(name):
    for document in load(bundle(name)):
        check, tools = document.check, document.tools
        assert checks.scored(check, right(check), False, tools)["score"], document.item_id
        assert not checks.scored(check, "", False, tools)["score"], document.item_id
        if check.get("truth") != []:
            idle = "I do nothing."
            idle_scores = checks.scored(check, idle, False, tools)["score"]
            assert not idle_scores or check["kind"] == "mentions", document.item_id


@pytest.mark.parametrize("name", NAMES)
def test_a_right_answer_fits_its_budget(name):
    for document in load(bundle(name)):
        if budget := document.check.get("budget"):
            assert len(right(document.check).split()) <= budget, document.item_id


def test_no_prompt_is_asked_twice():
    asked = [json.dumps(one.messages) for name in NAMES for one in load(bundle(name))]
    assert len(set(asked)) == len(asked)


def test_aither_has_fifteen_prompts_in_each_of_nine_categories():
    suite = compose(None, ["suite=aither"]).suite
    counted = Counter(document.category for document in load(suite))
    assert counted == dict.fromkeys(CATEGORIES, 15)
    assert tuple(suite.weights) == CATEGORIES


def test_no_answer_of_one_word_wins_a_category():
    """A model that collapsed to one answer must not reach a threshold by it."""
    for name in ("aither", "delegation", "forgetting"):
        documents = load(bundle(name))
        for category in {document.category for document in documents}:
            of_it = [document for document in documents if document.category == category]
            for answer in {right(document.check) for document in of_it}:
                won = sum(
                    checks.scored(one.check, answer, False, one.tools)["score"] for one in of_it
                )
                bar = len(of_it) if category == "direct" else 0.3 * len(of_it)
                if category != "consciousness_articulation":
                    assert won <= bar, (category, answer)


def test_b4mad_has_more_than_fifty_cases_and_its_rule_names_its_suites():
    config = compose(None, ["suite=b4mad", "promote=b4mad", "suite.limit=3"])
    suites = suites_of(config)
    named = {one.suite for one in config.promote.conditions.values() if one.suite}
    assert set(suites) == named
    assert {suite.limit for suite in suites.values()} == {3}
    items = [load(replace(suite, limit=0)) for suite in suites.values()]
    assert all(len(found) >= 17 for found in items)
    beads = {document.bead for document in items[1]}
    assert len(beads) >= 17


def test_a_key_that_several_suites_do_not_read_is_told():
    config = compose(None, ["suite=b4mad", "suite.max_tokens=9"])
    with pytest.raises(ConfigError, match=r"suite\.max_tokens: is not read where suite=b4mad"):
        suites_of(config)


def test_limit_is_of_each_category_and_the_order_is_the_files():
    few = load(bundle("aither", limit=2))
    assert [one.item_id for one in few] == [f"{c}-0{n}" for c in CATEGORIES for n in (1, 2)]


def test_the_fingerprint_is_of_the_items_and_their_order():
    few = load(bundle("forgetting", limit=1))
    assert fingerprint(few) == fingerprint(load(bundle("forgetting", limit=1)))
    assert fingerprint(few) != fingerprint(few[::-1])
    assert fingerprint(few) != fingerprint(few[1:])
    other = replace(few[0], check=few[0].check | {"all": ["Rome"]})
    assert fingerprint(few) != fingerprint([other, *few[1:]])


LINE = {"id": "a", "prompt": "p", "check": {"kind": "label", "answer": "x", "options": ["x"]}}


@pytest.fixture
def mine(tmp_path):
    """Write a bundle of these lines and return a function that loads it."""

    def made(*lines, **changes):
        text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
        (tmp_path / "items.jsonl").write_text(text)
        return load(bundle("mine", path=str(tmp_path), **changes))

    return made


def test_one_item_is_a_suite(mine):
    (found,) = mine(LINE)
    assert (found.skill, found.part, found.messages) == (
        "mine", "fixed", [{"role": "user", "content": "p"}],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ((), "suite mine: there is no item to ask"),
        (("{",), r"items.jsonl:1: is no JSON"),
        (("[]",), r"items.jsonl:1: is no table"),
        ((LINE, LINE), "two items are called a"),
        ((LINE, LINE | {"id": 2}), r"items.jsonl:2: has no id \(str\)"),
        ((LINE | {"prompt": None},), "has no prompt"),
        ((LINE | {"tools": ["saw"]},), "offers a tool 'saw' that bundle.json does not describe"),
        ((LINE | {"check": {"kind": "taste"}},), "there is no check 'taste'"),
        ((LINE | {"check": {"kind": "label", "answer": "x"}},), "check label has no options"),
    ],
)
def test_a_bundle_that_cannot_be_used_is_told_by_its_line(mine, lines, what):
    with pytest.raises(EvalError, match=what):
        mine(*lines)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"categories": ["b"]}, "categories: no item is of category 'b'"),
        ({"weights": {"b": 1.0}}, "weights: no item is of category 'b'"),
        ({"thresholds": {"b": 0.3}}, "thresholds: no item is of category 'b'"),
        ({"weights": {"c": float("nan")}}, "weights: must be above 0"),
        ({"weights": {"c": 0.0}}, "weights: must be above 0"),
    ],
)
def test_a_missing_category_is_told(mine, changes, what):
    with pytest.raises(ConfigError, match=what):
        mine(LINE | {"category": "c"}, **changes)


def test_a_category_without_weight_is_told(mine):
    lines = [LINE | {"category": "c"}, LINE | {"id": "b", "category": "d"}]
    with pytest.raises(ConfigError, match="weights: d has none"):
        mine(*lines, weights={"c": 1.0})


def test_an_unknown_bundle_is_told_with_those_there_are():
    with pytest.raises(EvalError, match="there is no bundle 'aihter'") as told:
        load(bundle("aihter"))
    assert "aither" in told.value.hint
