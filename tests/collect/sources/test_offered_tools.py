"""Tools that records share are read once; what differs in anything is read anew."""

import json

import pytest

from harness_forge.collect.sources.tools import OfferedTools
from harness_forge.core.chat.tools import read_tools

NAN = float("nan")


def kit(default, *keys):
    properties = {key: {"default": default} for key in keys or ("a", "b")}
    return [{"name": "look", "input_schema": {"properties": properties}}]


def test_the_same_tools_are_the_same_object():
    offered = OfferedTools()
    assert offered.of(kit(1)) is offered.of(kit(1))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (kit(1), kit(2)),
        (kit(1), kit(1.0)),
        (kit(1), kit(True)),
        (kit(None), kit(NAN)),
        (kit(0.0), kit(-0.0)),
        (kit(1, "a", "b"), kit(1, "b", "a")),
        (kit(2**70), kit(2**70 + 1)),
        (kit("\ud800"), kit("\udfff")),
        (json.dumps(kit(1)), kit(1)),
    ],
)
def test_tools_that_differ_are_read_as_they_are(one, other):
    offered = OfferedTools()
    for raw in (one, other, one):
        assert json.dumps(offered.of(raw)) == json.dumps(read_tools(raw))
