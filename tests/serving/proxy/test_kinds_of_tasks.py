"""Routes by kind of task: the tools that a request offers, what its user said last."""

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.config.proxy import ArmConfig, ProxyConfig, RouteConfig, UpstreamConfig
from harness_forge.core.errors import ConfigError
from harness_forge.serving.proxy.keys import RequestKeys
from harness_forge.serving.proxy.kinds import said_last, tools_of
from harness_forge.serving.proxy.routing import Router

CLOSE = {"type": "function", "function": {"name": "bead_close", "parameters": {}}}


@pytest.fixture(scope="module")
def kinds():
    return Router(compose(None, ["proxy=kinds"]).proxy)


def user(content):
    return {"messages": [{"role": "user", "content": content}]}


@pytest.mark.parametrize(
    ("request_", "arm"),
    [
        (user("Go on.") | {"tools": [CLOSE]}, "tools/tuned"),
        (user("Go on.") | {"tools": [{"name": "mcp__wiki__read"}]}, "tools/tuned"),
        (user("Which bead is next?"), "beads/tuned"),
        ({"input": "Close the BEAD hub-7."}, "beads/tuned"),
        ({"prompt": "Beads: one line each."}, "beads/tuned"),
        (user("Prove that the two caches agree."), "rest/large"),
        (user("Which beadle?") | {"tools": [{"name": "read"}]}, "rest/large"),
        ({"messages": "no list", "tools": 3}, "rest/large"),
        (None, "rest/large"),
    ],
)  # fmt: skip
def test_kinds_of_tasks_have_arms_of_their_own(kinds, request_, arm):
    assert kinds.choose("m", RequestKeys(), request_).place == arm


def test_a_later_try_goes_to_the_larger_model_whatever_its_kind(kinds):
    third = RequestKeys("r", "hub-7", 3)
    assert kinds.choose("m", third, user("Close the bead.")).place == "beads/large"


def test_what_a_tool_or_the_model_said_is_no_request():
    said = [
        {"role": "user", "content": [{"type": "text", "text": "first"}]},
        {"role": "assistant", "content": "a bead"},
        {"role": "user", "content": [{"type": "tool_result", "content": "a bead"}]},
    ]
    assert said_last({"messages": said}) == ["first"]
    assert said_last({"messages": [{"role": "system", "content": "beads"}]}) == []


def test_tools_of_all_forms_have_names():
    offered = [CLOSE, {"name": "a"}, {"type": "function", "name": "b"}, {"type": "web"}, "c"]
    assert list(tools_of({"tools": offered})) == ["bead_close", "a", "b"]


def test_both_conditions_must_hold():
    route = RouteConfig(tools=["bead_*"], says="close", arms={"a": ArmConfig()})
    one = Router(ProxyConfig(upstreams={"local": UpstreamConfig("u")}, routes={"r": route}))
    assert one.choose("m", RequestKeys(), user("close it") | {"tools": [CLOSE]}).route == "r"
    assert not one.choose("m", RequestKeys(), user("open it") | {"tools": [CLOSE]}).route
    assert not one.choose("m", RequestKeys(), user("close it")).route


def test_a_broken_pattern_names_its_key():
    route = RouteConfig(says="(?=x)", arms={"a": ArmConfig()})
    with pytest.raises(ConfigError, match=r"proxy\.routes\.r\.says: is no RE2 pattern"):
        Router(ProxyConfig(upstreams={"local": UpstreamConfig("u")}, routes={"r": route}))
