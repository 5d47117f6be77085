"""Calls matched as BFCL's AST check does, on a fixture of ours; its own files where they are."""

import json
from pathlib import Path

import pytest

from harness_forge.config.suite import SuiteConfig, SuiteKind
from harness_forge.evaluation.scoring import calls, checks
from harness_forge.evaluation.suites import load

BFCL = Path(__file__).parents[4] / "shared/data/bfcl"
MATCHED = (
    "irrelevance", "live_simple", "multiple", "parallel", "parallel_multiple", "simple_python",
)  # fmt: skip
BROKEN = [
    "live_simple_106-63-0", "live_simple_112-68-0", "parallel_multiple_26", "simple_python_200",
]  # fmt: skip
SHIP = {
    "name": "ship.parcel",
    "parameters": {
        "type": "dict",
        "properties": {
            "to": {"type": "string"},
            "weight": {"type": "float"},
            "items": {"type": "array", "items": {"type": "string"}},
            "sizes": {"type": "array", "items": {"type": "integer"}},
            "insured": {"type": "boolean"},
            "count": {"type": "integer"},
            "sender": {"type": "dict", "properties": {"name": {"type": "string"}}},
            "parts": {"type": "array", "items": {"type": "dict"}},
        },
        "required": ["to", "weight"],
    },
}
TRUTH = {
    "ship.parcel": {
        "to": ["New York", "NYC"],
        "weight": [2.0, 2],
        "items": [["Tea", "salt"], ""],
        "sizes": [[1, 2], ""],
        "insured": [True, ""],
        "count": [3, "n", ""],
        "sender": [{"name": ["Ann", ""]}, ""],
        "parts": [[{"id": [1]}], ""],
    }
}
LEAST = {"to": "NYC", "weight": 2.0}


def fits(arguments, name="ship.parcel", truth=TRUTH):
    return calls.matches([(name, arguments)], [SHIP], [truth])


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"to": "new-york"},
        {"to": "NEW YORK."},
        {"weight": 2},
        {"items": ["tea", "Salt"]},
        {"sizes": [1, 2]},
        {"insured": True},
        {"count": 3},
        {"sender": {"name": "ann"}},
        {"sender": {}},
        {"parts": [{"id": 1}]},
    ],
)
def test_what_bfcl_lets_pass(more):
    assert fits(LEAST | more)


@pytest.mark.parametrize(
    "more",
    [
        {"to": "Boston"},
        {"to": 7},
        {"weight": "2.0"},
        {"weight": True},
        {"items": ["salt", "tea"]},
        {"items": "tea"},
        {"sizes": ["1", "2"]},
        {"insured": "true"},
        {"count": 3.5},
        {"count": True},
        {"sender": {"name": "Ann", "street": "x"}},
        {"parts": [{"id": 2}]},
        {"parts": []},
        {"colour": "red"},
    ],
)
def test_what_bfcl_refuses(more):
    assert not fits(LEAST | more)


def test_a_required_parameter_and_one_without_leave_must_be_there():
    assert not fits({"to": "NYC"})
    strict = {"ship.parcel": TRUTH["ship.parcel"] | {"insured": [True]}}
    assert not fits(LEAST, truth=strict)
    assert fits(LEAST | {"insured": True}, truth=strict)


def test_the_name_must_be_the_one_asked_for_dots_included():
    assert not fits(LEAST, name="ship_parcel")


def test_parallel_calls_match_in_any_order_but_not_in_another_number():
    one, two = ({"ship.parcel": {"to": [to], "weight": [1]}} for to in "ab")
    given = [("ship.parcel", {"to": to, "weight": 1}) for to in "ba"]
    assert calls.matches(given, [SHIP], [one, two])
    assert not calls.matches(given, [SHIP], [one, two], ordered=True)
    assert not calls.matches(given[:1], [SHIP], [one, two])
    assert not calls.matches([given[0], given[0]], [SHIP], [one, two])


def answer(*found):
    body = [{"name": name, "arguments": arguments} for name, arguments in found]
    return "\n".join(f"<tool_call>{json.dumps(one)}</tool_call>" for one in body)


def test_calls_are_read_with_words_before_them_only():
    text = answer(("a", {}), ("b", {"x": 1}))
    assert calls.read("Well.\n" + text) == [("a", {}), ("b", {"x": 1})]
    assert calls.read("no call") == []
    for bad in (text + " done", "<tool_call>{", "<tool_call>[]</tool_call>",
                '<tool_call>{"name": "a", "arguments": "[1]"}</tool_call>'):  # fmt: skip
        assert calls.read(bad) is None


def scored(check, text, cut=False):
    return checks.scored(check, text, cut, [SHIP])


def test_irrelevance_wants_words_and_no_call():
    none = {"kind": "calls", "truth": []}
    assert scored(none, "I cannot.")["ast_match"]
    assert not scored(none, answer(("ship.parcel", LEAST)))["ast_match"]
    assert not scored(none, "")["ast_match"]
    assert not scored(none, "I cannot.", cut=True)["ast_match"]


def test_free_words_stand_for_all_but_must_be_there():
    check = {"kind": "calls", "truth": [{"ship.parcel": {"to": ["*"], "weight": [1]}}],
             "free": ["to"], "mentions": {"to": ["berlin"]}}  # fmt: skip
    assert scored(check, answer(("ship.parcel", {"to": "to Berlin, please", "weight": 1})))["score"]
    for to in (" ", "Bonn"):
        assert not scored(check, answer(("ship.parcel", {"to": to, "weight": 1})))["score"]


@pytest.fixture(scope="module")
def real():
    if not BFCL.is_dir():
        pytest.skip("no copy of BFCL's files")
    return load(SuiteConfig(name="bfcl", kind=SuiteKind.bfcl, path=str(BFCL)))


def first_of(truth):
    """Return the calls that BFCL's first allowed values make."""
    made = []
    for one in truth:
        ((name, allowed),) = one.items()
        values = {key: value[0] for key, value in allowed.items() if value and value[0] != ""}
        made.append((name, {key: filled(value) for key, value in values.items()}))
    return made


def filled(value):
    """A table among allowed values holds lists of them itself."""
    if isinstance(value, dict):
        return {k: filled(v[0]) if isinstance(v, list) and v else v
                for k, v in value.items() if v and v[0] != ""}  # fmt: skip
    return [filled(one) for one in value] if isinstance(value, list) else value


def test_bfcls_own_answers_match_and_spoilt_ones_do_not(real):
    wrong = []
    for document in real:
        truth, schemas = document.check["truth"], document.check["schemas"]
        made = first_of(truth)
        if not calls.matches(made, schemas, truth):
            wrong.append(document.item_id)
        assert not calls.matches([*made, ("other", {})], schemas, truth)
        if made and made[0][1]:
            key = next(iter(made[0][1]))
            spoilt = [(made[0][0], made[0][1] | {key: {"never": "allowed"}}), *made[1:]]
            assert not calls.matches(spoilt, schemas, truth)
    # Of these the allowed values break the schema: a parameter it lacks, a required one left out.
    assert wrong == BROKEN


def test_every_category_that_can_be_matched_is_asked(real):
    assert tuple(dict.fromkeys(document.category for document in real)) == MATCHED
    assert len(real) == 1498
    assert {tool["function"]["parameters"]["type"] for one in real for tool in one.tools} == {
        "object"
    }
