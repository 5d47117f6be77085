"""Who answers a request: which route fits, and which of its arms is drawn."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness_forge.config.proxy import ArmConfig, ProxyConfig, RouteConfig, Sticky
from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import did_you_mean
from harness_forge.serving.proxy.keys import RequestKeys
from harness_forge.serving.proxy.kinds import TaskKind


@dataclass(frozen=True, slots=True)
class Choice:
    """Who answers.

    Args:
        upstream: its name in the config.
        model: what it is asked for; '' for what the caller said.
        route, arm: '' where no route fits.
        probability: the chance that this arm had.
        sticky: what the draw hangs on; '' where it is free.
        shadow: an arm that is asked as well; '' for none.
        fallback: the arm that is asked if this one fails; '' for none.
    """

    upstream: str
    model: str = ""
    route: str = ""
    arm: str = ""
    probability: float = 1.0
    sticky: str = ""
    shadow: str = ""
    fallback: str = ""

    @property
    def place(self) -> str:
        """Route and arm in one word, such as `stig/adapter`."""
        return f"{self.route}/{self.arm}" if self.route else ""


class Router:
    """Divides requests as the config says.

    Args:
        out: arms that a guard took out, as `route/arm`; read at each draw.

    Raises:
        ConfigError: a route names what is not there.
    """

    def __init__(self, config: ProxyConfig, out: Collection[str] = ()) -> None:
        if not config.upstreams:
            raise ConfigError("proxy.upstreams", "names no server", "proxy=local is for vLLM here")
        self._routes, self._out = config.routes, out
        self._kinds = {name: TaskKind(name, route) for name, route in config.routes.items()}
        self._first = next(iter(config.upstreams))
        for name, route in config.routes.items():
            _check(name, route, config)
        said = [one for route in config.routes.values() for one in (route, *route.arms.values())]
        self.needs_skill = any(one.skills for one in said)
        self.needs_role = any(route.roles for route in config.routes.values())
        self.needs_item = any(
            route.sticky is Sticky.item or route.escalate_attempt
            for route in config.routes.values()
        )
        self.needs_run = any(route.sticky is not Sticky.none for route in config.routes.values())

    def lacks(self, keys: RequestKeys) -> bool:
        """Return whether the choice hangs on a key that is not known yet."""
        return (
            (self.needs_skill and not keys.skill)
            or (self.needs_role and not keys.role)
            or (self.needs_item and not (keys.item and keys.attempt))
            or (self.needs_run and not keys.run)
        )

    def choose(self, model: str, keys: RequestKeys, request: Any = None) -> Choice:
        """Return who answers a request for `model`.

        Args:
            request: its body, for routes of a kind of task.
        """
        for name, route in self._routes.items():
            if (
                (not route.models or model in route.models)
                and (not route.roles or keys.role in route.roles)
                and (not route.skills or keys.skill in route.skills)
                and self._kinds[name].fits(request)
            ):
                return self._drawn(name, route, keys)
        return Choice(self._first)

    def arm(self, route: str, arm: str, before: Choice) -> Choice:
        """Return another arm of a route, asked because of what was chosen before."""
        one = self._routes[route].arms[arm]
        return Choice(one.upstream, one.model, route, arm, before.probability, before.sticky)

    def _drawn(self, name: str, route: RouteConfig, keys: RequestKeys) -> Choice:
        arms = self._standing(name, route, keys)
        last = route.escalate_to if self._stands(name, route, route.escalate_to, keys) else ""
        if last and route.escalate_attempt and keys.attempt >= route.escalate_attempt:
            one = route.arms[last]
            return Choice(one.upstream, one.model, name, last)
        total = sum(weight for _, weight in arms.values())
        if not total:
            return Choice(self._first, route=name)
        sticky = _stickiness(route.sticky, keys)
        at = (_share(f"{name}\x1f{sticky}") if sticky else random.random()) * total
        arm, (one, weight) = next(iter(arms.items()))
        for other, (drawn, share) in arms.items():
            if at < share:
                arm, one, weight = other, drawn, share
                break
            at -= share
        fallback = last if last != arm else ""
        shadow = route.shadow if self._may_shadow(name, route, keys, arm) else ""
        return Choice(one.upstream, one.model, name, arm, weight / total, sticky, shadow, fallback)

    def _standing(
        self, name: str, route: RouteConfig, keys: RequestKeys
    ) -> Mapping[str, tuple[ArmConfig, float]]:
        return {
            arm: (one, one.weight)
            for arm, one in route.arms.items()
            if one.weight > 0 and self._stands(name, route, arm, keys)
        }

    def _stands(self, name: str, route: RouteConfig, arm: str, keys: RequestKeys) -> bool:
        """Return whether an arm is there, was not taken out, and answers for the skill."""
        if arm not in route.arms or f"{name}/{arm}" in self._out:
            return False
        skills = route.arms[arm].skills
        return not skills or keys.skill in skills

    def _may_shadow(self, name: str, route: RouteConfig, keys: RequestKeys, arm: str) -> bool:
        return route.shadow != arm and self._stands(name, route, route.shadow, keys)


def _stickiness(how: Sticky, keys: RequestKeys) -> str:
    if how is Sticky.run:
        return keys.run
    if how is Sticky.item and keys.item:
        return f"{keys.run}/{keys.item}"
    return ""


def _share(words: str) -> float:
    """Return a number from 0 to 1 that the same words always give, on every host."""
    digest = hashlib.sha256(words.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:7]) / (1 << 56)


def _check(name: str, route: RouteConfig, config: ProxyConfig) -> None:
    where = f"proxy.routes.{name}"
    if not route.arms:
        raise ConfigError(f"{where}.arms", "names no arm")
    for arm, one in route.arms.items():
        if one.upstream not in config.upstreams:
            raise ConfigError(
                f"{where}.arms.{arm}.upstream",
                f"there is no '{one.upstream}'",
                _there_is(one.upstream, config.upstreams),
            )
        if one.weight < 0:
            raise ConfigError(f"{where}.arms.{arm}.weight", "is below 0")
    for key in ("shadow", "escalate_to"):
        arm = getattr(route, key)
        if arm and arm not in route.arms:
            hint = _there_is(arm, route.arms)
            raise ConfigError(f"{where}.{key}", f"there is no arm '{arm}'", hint)


def _there_is(word: str, known: Iterable[str]) -> str:
    return f"{did_you_mean(word, known)}there is: {', '.join(known)}"
