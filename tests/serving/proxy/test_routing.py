"""Who answers: weights, stickiness, roles, skills, shadows, escalation, aliases."""

import json
import time
from collections import Counter
from types import SimpleNamespace

import pytest
from fake_models import whole

from harness_forge.config.proxy import (
    ArmConfig,
    GuardConfig,
    PatternConfig,
    ProxyConfig,
    RouteConfig,
    Sticky,
    UpstreamConfig,
)
from harness_forge.core.errors import ConfigError
from harness_forge.serving.proxy.keys import RequestKeys
from harness_forge.serving.proxy.routing import Router

CHAT = "/v1/chat/completions"
TWO = {"base": ArmConfig(weight=80), "tuned": ArmConfig(model="t", weight=20)}


def router(out=(), **route):
    route = {"arms": TWO, **route}
    upstreams = {"local": UpstreamConfig("http://127.0.0.1:1")}
    return Router(ProxyConfig(upstreams=upstreams, routes={"r": RouteConfig(**route)}), out)


def test_weights_divide_requests():
    made = Counter(router().choose("m", RequestKeys()).arm for _ in range(4000))
    assert 0.76 < made["base"] / 4000 < 0.84
    one = router(arms={**TWO, "off": ArmConfig(weight=0)}).choose("m", RequestKeys())
    assert one.probability == (0.8 if one.arm == "base" else 0.2)


def test_an_item_stays_with_its_arm_and_items_are_divided_by_weight():
    sticky = router(sticky=Sticky.item)
    arms = {}
    for n in range(2000):
        keys = RequestKeys(run="r", item=f"i{n}")
        arms[n] = {sticky.choose("m", keys).arm for _ in range(3)}
    assert all(len(one) == 1 for one in arms.values())
    assert 0.76 < sum(one == {"base"} for one in arms.values()) / 2000 < 0.84


def test_a_run_stays_with_its_arm():
    sticky = router(sticky=Sticky.run)
    assert len({sticky.choose("m", RequestKeys("r7", f"i{n}")).arm for n in range(50)}) == 1


def test_a_route_takes_its_models_roles_and_skills_alone():
    one = router(models=["a"], roles=["worker"], skills=["stig"])
    fits = RequestKeys(role="worker", skill="stig")
    assert one.choose("a", fits).route == "r"
    assert not one.choose("b", fits).route
    assert not one.choose("a", RequestKeys(role="architect", skill="stig")).route
    assert not one.choose("a", RequestKeys(role="worker")).route


def test_an_adapter_answers_for_its_own_skill_alone():
    arms = {"base": ArmConfig(weight=1), "tuned": ArmConfig(weight=1e9, skills=["stig"])}
    one = router(arms=arms)
    assert one.choose("m", RequestKeys(skill="stig")).arm == "tuned"
    assert {one.choose("m", RequestKeys(skill=skill)).arm for skill in ("", "cve")} == {"base"}


@pytest.mark.parametrize("attempt", [1, 2])
def test_an_arm_that_is_out_or_of_another_skill_is_not_asked_later_either(attempt):
    arms = {"base": ArmConfig(weight=1), "tuned": ArmConfig(weight=0, skills=["stig"])}
    route = {"arms": arms, "escalate_to": "tuned", "escalate_attempt": 2}
    own = RequestKeys(skill="stig", item="i", attempt=attempt)
    found = router(**route).choose("m", own)
    assert "tuned" in (found.arm, found.fallback)
    for keys, out in (
        (RequestKeys(skill="cve", item="i", attempt=attempt), ()),
        (own, {"r/tuned"}),
    ):
        found = router(out=out, **route).choose("m", keys)
        assert (found.arm, found.fallback) == ("base", "")


def test_an_arm_that_is_out_gets_nothing():
    assert router(out={"r/base"}).choose("m", RequestKeys()).arm == "tuned"
    none = router(out={"r/base", "r/tuned"}).choose("m", RequestKeys())
    assert none.upstream == "local" and none.arm == ""


def test_later_tries_go_to_the_larger_model():
    one = router(
        escalate_to="tuned", escalate_attempt=3, arms={**TWO, "tuned": ArmConfig(weight=0)}
    )
    arms = [one.choose("m", RequestKeys("r", "i", attempt)).arm for attempt in (1, 2, 3, 4)]
    assert arms == ["base", "base", "tuned", "tuned"]


@pytest.mark.parametrize(
    "route",
    [
        {"arms": {}},
        {"arms": {"a": ArmConfig(upstream="far")}},
        {"shadow": "none"},
        {"escalate_to": "none"},
    ],
)
def test_a_route_that_names_what_is_not_there_is_told(route):
    with pytest.raises(ConfigError):
        router(**route)


def asked(proxy, model="m", **keys):
    headers = {f"x-forge-{key}": value for key, value in keys.items()}
    return proxy.client.post(CHAT, json={"model": model, "messages": []}, headers=headers)


def test_an_arm_is_asked_by_its_name_and_nothing_else_changes(proxied, models):
    route = RouteConfig(models=["alias"], arms={"only": ArmConfig(model="real")})
    proxy = proxied(routes={"r": route})
    body = b'{ "model": "alias",  "metadata": {"model": "alias"}, "x": 1.50, "messages":[]}'
    assert proxy.client.post(CHAT, content=body).content == whole("real")
    assert models.seen[0][1] == body.replace(b'"alias"', b'"real"', 1)
    (one,) = proxy.kept()
    facts = {key: one.facts[key] for key in ("route", "arm", "asked", "sent", "probability")}
    assert facts == {
        "route": "r", "arm": "only", "asked": "alias", "sent": "real", "probability": 1.0,
    }  # fmt: skip
    assert one.request == body


def test_a_shadow_is_asked_stored_and_not_shown(proxied, models):
    arms = {"base": ArmConfig(), "tuned": ArmConfig(model="tuned", weight=0)}
    proxy = proxied(routes={"r": RouteConfig(arms=arms, shadow="tuned")})
    assert asked(proxy).content == whole("m")
    until(lambda: len(proxy.kept()) == 2)
    by_arm = {one.facts["arm"]: one for one in proxy.kept()}
    assert by_arm["tuned"].facts["shadow_of"] == by_arm["base"].facts["id"]
    assert by_arm["tuned"].response == whole("tuned")


def test_a_shadow_that_fails_harms_nobody(proxied):
    arms = {"base": ArmConfig(), "tuned": ArmConfig(model="dies", weight=0)}
    proxy = proxied(routes={"r": RouteConfig(arms=arms, shadow="tuned")})
    assert asked(proxy).content == whole("m")
    until(lambda: len(proxy.kept()) == 2)
    assert proxy.gateway._shadows == 0


@pytest.mark.parametrize("broken", ["fails", "gone"])
def test_what_fails_is_asked_of_the_arm_that_stands_in(proxied, models, broken):
    upstreams = {"local": UpstreamConfig(models.url), "gone": UpstreamConfig("http://127.0.0.1:9")}
    first = ArmConfig(model="fails") if broken == "fails" else ArmConfig("gone")
    arms = {"tuned": first, "large": ArmConfig(model="large", weight=0)}
    route = RouteConfig(arms=arms, escalate_to="large")
    proxy = proxied(upstreams=upstreams, routes={"r": route})
    assert asked(proxy).content == whole("large")
    tuned, large = proxy.kept()
    assert large.facts["escalated_from"] == tuned.facts["id"]
    assert tuned.facts["arm"] == "tuned" and large.facts["arm"] == "large"


def test_a_fault_without_another_arm_reaches_the_caller_as_it_came(proxied):
    answer = asked(proxied(), "fails")
    assert (answer.status_code, answer.content) == (500, b'{"error": "no"}')


def test_an_arm_that_breaks_is_taken_out_and_stays_out(proxied, tmp_path):
    arms = {"base": ArmConfig(), "tuned": ArmConfig(model="fails", weight=1)}
    proxy = proxied(routes={"r": RouteConfig(arms=arms)}, guard=GuardConfig(least=5))
    codes = [asked(proxy).status_code for _ in range(60)]
    assert codes.count(500) == 5 and set(codes[-20:]) == {200}
    assert proxy.client.get("/forge/health").json()["arms"]["r/tuned"]["out"]
    event = json.loads((tmp_path / "g.jsonl").read_text())
    assert event["arm"] == "r/tuned" and event["why"] == "error rate 100.0% of the last 5"


def test_an_arm_whose_outcomes_are_bad_is_taken_out(proxied):
    arms = {"base": ArmConfig(), "tuned": ArmConfig(model="t")}
    route = RouteConfig(arms=arms, sticky=Sticky.item)
    proxy = proxied(routes={"r": route}, guard=GuardConfig(least=10, max_success_drop=0.3))
    for n in range(60):
        arm = asked(proxy, item=f"i{n}", run="r").json()["model"]
        told = {"run": "r", "item": f"i{n}", "passed": arm == "m"}
        proxy.client.post("/outcomes", json=told)
    out = {name: one["out"] for name, one in proxy.gateway.guard.as_dict().items() if one["out"]}
    assert list(out) == ["r/tuned"] and "against 100.0% of the other arms" in out["r/tuned"]


def test_the_skill_is_found_in_the_prompt_where_routing_needs_it(proxied):
    arms = {"base": ArmConfig(weight=1), "tuned": ArmConfig(model="t", weight=1e9, skills=["stig"])}
    patterns = {"stig": PatternConfig(item=r"rule_(\w+)")}
    proxy = proxied(routes={"r": RouteConfig(arms=arms)}, patterns=patterns)
    words = {"messages": [{"role": "user", "content": "fix rule_sshd_x now"}]}
    answer = proxy.client.post(CHAT, json={"model": "m", **words})
    assert answer.json()["model"] == "t"
    assert asked(proxy).json()["model"] == "m"
    assert proxy.kept()[0].facts["keys"] == {"item": "sshd_x", "skill": "stig"}


class Aliases:
    def __init__(self, url):
        self.target = SimpleNamespace(model="stig-1f2e", url=f"{url}/v1")
        self.held = Counter()

    def take(self, name):
        self.held["taken"] += name == "champion"
        return self.target if name == "champion" else None

    def give_back(self, target):
        self.held["given"] += 1


def test_an_alias_is_followed_for_each_request_and_given_back(proxied, models):
    aliases = Aliases(models.url)
    proxy = proxied(aliases=aliases)
    assert asked(proxy, "champion").json()["model"] == "stig-1f2e"
    assert asked(proxy, "other").json()["model"] == "other"
    assert aliases.held == {"taken": 1, "given": 1}


def test_an_alias_cannot_lead_elsewhere(proxied, models):
    aliases = Aliases("http://far.example")
    assert asked(proxied(aliases=aliases), "champion").status_code == 502
    assert aliases.held["given"] == 1 and models.seen == []


def until(done, seconds=5.0):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)
