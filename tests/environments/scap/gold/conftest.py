"""Rules of our own, in the structure that real content has."""

from __future__ import annotations

import pytest

from harness_forge.environments.scap.content import Rule
from harness_forge.environments.scap.oval import Check, Entity, Target


def entity(value, operation="equals"):
    return Entity((value,), operation)


def make_rule(*checks, rule_id="a_rule", fix=""):
    return Rule(rule_id, "A title", "medium", "other", (), fix, checks, "digest")


def make_check(kind, target, *states, branch=("AND.0",), existence="all_exist", **more):
    fields = {name: e if isinstance(e, Entity) else entity(e) for name, e in target.items()}
    filters = tuple(
        (action, {k: entity(v) for k, v in f.items()}) for action, f in more.pop("filters", ())
    )
    return Check(
        kind=kind,
        test_id="tst",
        branch=branch,
        negated=more.pop("negated", False),
        existence=existence,
        match="all",
        targets=(Target(fields, filters),),
        states=states,
        **more,
    )


@pytest.fixture
def rule():
    """Build a rule from its checks."""
    return make_rule


@pytest.fixture
def check():
    """Build one check from its kind, the fields of its object and its states."""
    return make_check


@pytest.fixture
def text():
    """Build a check of a text file: place, pattern and what is captured."""

    def build(place, pattern, *expected, **more):
        if isinstance(place, str):
            place = {"filepath": place}
        states = tuple({"subexpression": entity(v, op)} for op, v in expected)
        target = place | {"pattern": entity(pattern, "pattern match")}
        return make_check("textfilecontent54", target, *states, **more)

    return build


@pytest.fixture
def folder():
    """Build the place of a check that reads every matching file of a folder."""
    return lambda path, name: {"path": path, "filename": entity(name, "pattern match")}
