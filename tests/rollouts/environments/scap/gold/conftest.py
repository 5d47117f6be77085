"""Rules of our own, in the structure that real content has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness_forge.config.scap import ScapConfig
from harness_forge.core.errors import SandboxError
from harness_forge.rollouts.environments.scap import open_scap
from harness_forge.rollouts.environments.scap.content import ScapRule, load_rules
from harness_forge.rollouts.environments.scap.oval_records import Entity, OvalObject, ResolvedTest
from harness_forge.rollouts.environments.scap.packages import find_datastream


def entity(value, operation="equals"):
    return Entity((value,), operation)


def make_rule(*checks, rule_id="a_rule", fix=""):
    return ScapRule(rule_id, "A title", "medium", "other", (), fix, checks, "digest")


def make_check(kind, target, *states, branch=("AND.0",), existence="all_exist", **more):
    fields = {name: e if isinstance(e, Entity) else entity(e) for name, e in target.items()}
    filters = tuple(
        (action, {k: entity(v) for k, v in f.items()}) for action, f in more.pop("filters", ())
    )
    return ResolvedTest(
        kind=kind,
        test_id="tst",
        branch=branch,
        negated=more.pop("negated", False),
        existence=existence,
        match="all",
        targets=(OvalObject(fields, filters),),
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
        states = tuple({"subexpression": entity(v, op)} for v, op in expected)
        target = place | {"pattern": entity(pattern, "pattern match")}
        return make_check("textfilecontent54", target, *states, **more)

    return build


@pytest.fixture
def folder():
    """Build the place of a check that reads every matching file of a folder."""
    return lambda path, name: {"path": path, "filename": entity(name, "pattern match")}


_CONTENT = {
    "rhel9": ("ssg-rhel9-ds.xml", "ssg-nondebian"),
    "ubuntu2004": ("ssg-ubuntu2004-ds.xml", "ssg-debderived"),
}


def _config(platform):
    datastream, package = _CONTENT[platform]
    return ScapConfig(datastream=datastream, profile="stig", package=package, platform=platform)


@pytest.fixture(scope="session")
def home():
    """Forge's home, where scanner and content may have been unpacked."""
    return Path(os.environ.get("FORGE_HOME", ".forge"))


@pytest.fixture(scope="session", params=sorted(_CONTENT))
def content(request, home):
    """The rules of installed content; skipped where there is none."""
    config = _config(request.param)
    try:
        return load_rules(find_datastream(config, home), config.profile)
    except SandboxError as error:
        pytest.skip(str(error).splitlines()[0])


@pytest.fixture(scope="session", params=sorted(_CONTENT))
def world(request, home):
    """The environment with its sandboxes; skipped where a part is missing."""
    try:
        environment = open_scap(request.param, _config(request.param), home)
    except SandboxError as error:
        pytest.skip(str(error).splitlines()[0])
    yield environment
    environment.close()
