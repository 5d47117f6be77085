"""What requests are about: each function draws one, and the arguments of the call it asks for.

It may change the state first, so that the words name one entry and no other.
"""

from __future__ import annotations

import random
from typing import Any

from harness_forge.rollouts.environments.tool_calls.states import State, clock, version
from harness_forge.rollouts.environments.tool_calls.world import (
    DAYS,
    LABELS,
    PRIORITIES,
    REGIONS,
    RESOLUTIONS,
    ROLES,
)

Words = dict[str, Any]
Asked = tuple[Words, dict[str, Any]]
"""What the wordings of a request name, and the arguments of its call."""


def _pick(rng: random.Random, state: State, section: str) -> tuple[str, dict[str, Any]]:
    return rng.choice(sorted(state[section].items()))


def _other(rng: random.Random, values: Any, value: Any) -> Any:
    return rng.choice([one for one in values if one != value])


def _scale_to(rng: random.Random, state: State) -> Asked:
    name, one = _pick(rng, state, "services")
    replicas = _other(rng, range(1, 21), one["replicas"])
    return {"name": name, "n": replicas}, {"service": name, "replicas": replicas}


def _scale_by(rng: random.Random, state: State) -> Asked:
    name, one = _pick(rng, state, "services")
    more = rng.randrange(2, 6)
    words = {"name": name, "n": ("two", "three", "four", "five")[more - 2]}
    return words, {"service": name, "replicas": one["replicas"] + more}


def _scale_like(rng: random.Random, state: State) -> Asked:
    name, other = rng.sample(sorted(state["services"]), 2)
    replicas = state["services"][other]["replicas"]
    return {"name": name, "other": other}, {"service": name, "replicas": replicas}


def _deploy_named(rng: random.Random, state: State) -> Asked:
    name, one = _pick(rng, state, "services")
    wanted = version(rng)
    while wanted == one["version"]:
        wanted = version(rng)
    return {"name": name, "version": wanted}, {"service": name, "version": wanted}


def _roll_back(rng: random.Random, state: State) -> Asked:
    name, one = _pick(rng, state, "services")
    return {"name": name}, {"service": name, "version": one["previous"]}


def _deploy_like(rng: random.Random, state: State) -> Asked:
    name, other = rng.sample(sorted(state["services"]), 2)
    wanted = state["services"][other]["version"]
    return {"name": name, "other": other}, {"service": name, "version": wanted}


def _stop_named(rng: random.Random, state: State) -> Asked:
    name, _ = _pick(rng, state, "services")
    return {"name": name}, {"service": name}


def _stop_owned(rng: random.Random, state: State) -> Asked:
    name, one = _pick(rng, state, "services")
    return {"owner": one["owner"]}, {"service": name}


def _start_stopped(rng: random.Random, state: State) -> Asked:
    name, one = _pick(rng, state, "services")
    one["running"] = False
    return {}, {"service": name}


def _move_named(rng: random.Random, state: State) -> Asked:
    name, one = _pick(rng, state, "services")
    region = _other(rng, REGIONS, one["region"])
    return {"name": name, "region": region}, {"service": name, "region": region}


def _memory_times(rng: random.Random, state: State) -> Asked:
    name, one = _pick(rng, state, "services")
    factor, word = rng.choice(((2, "twice"), (3, "three times"), (4, "four times")))
    return {"name": name, "word": word}, {"service": name, "memory_mb": factor * one["memory_mb"]}


def _hand_over(rng: random.Random, state: State) -> Asked:
    name, one = _pick(rng, state, "services")
    day = rng.choice([day for day, who in state["on_call"].items() if who != one["owner"]])
    return {"name": name, "day": day}, {"service": name, "owner": state["on_call"][day]}


def _open_ticket(rng: random.Random, state: State) -> Asked:
    name, _ = _pick(rng, state, "services")
    thing, what = rng.choice(("pages", "mails", "queues", "tiles")), rng.choice(("late", "blank"))
    title, priority = f"{thing} are {what}", rng.choice(PRIORITIES)
    words = {"name": name, "title": title, "priority": priority}
    return words, {"service": name, "title": title, "priority": priority}


def _assign_named(rng: random.Random, state: State) -> Asked:
    ticket, one = _pick(rng, state, "tickets")
    person = _other(rng, state["people"], one["assignee"])
    return {"ticket": ticket, "person": person}, {"ticket": ticket, "person": person}


def _assign_titled(rng: random.Random, state: State) -> Asked:
    ticket, one = _pick(rng, state, "tickets")
    person = _other(rng, state["people"], one["assignee"])
    return {"title": one["title"], "person": person}, {"ticket": ticket, "person": person}


def _assign_owner(rng: random.Random, state: State) -> Asked:
    ticket, one = _pick(rng, state, "tickets")
    one["assignee"] = "nobody"
    person = state["services"][one["service"]]["owner"]
    return {"ticket": ticket}, {"ticket": ticket, "person": person}


def _priority_named(rng: random.Random, state: State) -> Asked:
    ticket, one = _pick(rng, state, "tickets")
    priority = _other(rng, PRIORITIES, one["priority"])
    words = {"title": one["title"], "priority": priority}
    return words, {"ticket": ticket, "priority": priority}


def _priority_raised(rng: random.Random, state: State) -> Asked:
    ticket, one = _pick(rng, state, "tickets")
    place = rng.randrange(3)
    one["priority"] = PRIORITIES[place]
    return {"ticket": ticket}, {"ticket": ticket, "priority": PRIORITIES[place + 1]}


def _close_titled(rng: random.Random, state: State) -> Asked:
    ticket, one = _pick(rng, state, "tickets")
    resolution = rng.choice(RESOLUTIONS)
    words = {"title": one["title"], "resolution": resolution}
    return words, {"ticket": ticket, "resolution": resolution}


def _close_of_service(rng: random.Random, state: State) -> Asked:
    ticket, one = _pick(rng, state, "tickets")
    for name, other in state["tickets"].items():
        if name != ticket:
            other["service"] = _other(rng, sorted(state["services"]), one["service"])
    resolution = rng.choice(RESOLUTIONS)
    words = {"name": one["service"], "resolution": resolution}
    return words, {"ticket": ticket, "resolution": resolution}


def _reopen(rng: random.Random, state: State) -> Asked:
    ticket, one = _pick(rng, state, "tickets")
    one["status"] = rng.choice(RESOLUTIONS)
    return {}, {"ticket": ticket}


def _add_label(rng: random.Random, state: State) -> Asked:
    ticket, one = _pick(rng, state, "tickets")
    label = rng.choice([label for label in LABELS if label not in one["labels"]])
    return {"title": one["title"], "label": label}, {"ticket": ticket, "label": label}


def _remove_label(rng: random.Random, state: State) -> Asked:
    ticket, one = _pick(rng, state, "tickets")
    one["labels"] = [rng.choice(LABELS)]
    return {"ticket": ticket}, {"ticket": ticket, "label": one["labels"][0]}


def _merge_same(rng: random.Random, state: State) -> Asked:
    first, last = sorted(rng.sample(sorted(state["tickets"]), 2))
    state["tickets"][last]["title"] = state["tickets"][first]["title"]
    return {}, {"ticket": last, "into": first}


def _add_watchers(rng: random.Random, state: State) -> Asked:
    ticket, one = _pick(rng, state, "tickets")
    first, last = sorted(rng.sample(state["people"], 2))
    words = {"first": first, "last": last, "title": one["title"]}
    return words, {"ticket": ticket, "people": [first, last]}


def _silence_hours(rng: random.Random, state: State) -> Asked:
    alert, one = _pick(rng, state, "alerts")
    hours, word = rng.choice(((2, "two"), (3, "three"), (4, "four"), (6, "six"), (8, "eight")))
    words = {"name": one["service"], "hours": word}
    return words, {"alert": alert, "minutes": 60 * hours}


def _acknowledge(rng: random.Random, state: State) -> Asked:
    alert, one = _pick(rng, state, "alerts")
    person = rng.choice(state["people"])
    words = {"severity": one["severity"], "person": person}
    return words, {"alert": alert, "person": person}


def _on_call_named(rng: random.Random, state: State) -> Asked:
    day, person = _pick(rng, state, "on_call")
    instead = _other(rng, state["people"], person)
    return {"day": day, "person": instead}, {"day": day, "person": instead}


def _swap_people(rng: random.Random, state: State) -> Asked:
    first, last = rng.sample(DAYS, 2)
    words = {"first": state["on_call"][first], "last": state["on_call"][last]}
    return words, {"day": first, "other_day": last}


def _grant_role(rng: random.Random, state: State) -> Asked:
    name, _ = _pick(rng, state, "services")
    person = rng.choice(
        [one for one in state["people"] if name not in state["access"].get(one, {})]
    )
    role = rng.choice(ROLES)
    words = {"person": person, "role": role, "name": name}
    return words, {"person": person, "service": name, "role": role}


def _revoke_admin(rng: random.Random, state: State) -> Asked:
    person, roles = _pick(rng, state, "access")
    name, kept = rng.sample(sorted(roles), 2)
    roles[name] = "admin"
    roles[kept] = rng.choice(("reader", "operator"))
    return {"person": person}, {"person": person, "service": name}


def _plan_window(rng: random.Random, state: State) -> Asked:
    name, _ = _pick(rng, state, "services")
    day, start = rng.choice(DAYS), clock(rng, rng.choice((0, 12)))
    minutes, word = rng.choice(((30, "half an hour"), (60, "an hour"), (120, "two hours")))
    words = {"name": name, "day": day, "start": start, "long": word}
    return words, {"service": name, "day": day, "start": start, "minutes": minutes}


def _move_window(rng: random.Random, state: State) -> Asked:
    window, one = _pick(rng, state, "windows")
    day = _other(rng, DAYS, one["day"])
    words = {"name": one["service"], "day": day}
    return words, {"window": window, "day": day, "start": one["start"]}


def _cancel_window(rng: random.Random, state: State) -> Asked:
    window, one = _pick(rng, state, "windows")
    return {"day": one["day"]}, {"window": window}


ASKING = {
    "scale_to": _scale_to,
    "scale_by": _scale_by,
    "scale_like": _scale_like,
    "deploy_named": _deploy_named,
    "roll_back": _roll_back,
    "deploy_like": _deploy_like,
    "stop_named": _stop_named,
    "stop_owned": _stop_owned,
    "start_stopped": _start_stopped,
    "move_named": _move_named,
    "memory_times": _memory_times,
    "hand_over": _hand_over,
    "open_ticket": _open_ticket,
    "assign_named": _assign_named,
    "assign_titled": _assign_titled,
    "assign_owner": _assign_owner,
    "priority_named": _priority_named,
    "priority_raised": _priority_raised,
    "close_titled": _close_titled,
    "close_of_service": _close_of_service,
    "reopen": _reopen,
    "add_label": _add_label,
    "remove_label": _remove_label,
    "merge_same": _merge_same,
    "add_watchers": _add_watchers,
    "silence_hours": _silence_hours,
    "acknowledge": _acknowledge,
    "on_call_named": _on_call_named,
    "swap_people": _swap_people,
    "grant_role": _grant_role,
    "revoke_admin": _revoke_admin,
    "plan_window": _plan_window,
    "move_window": _move_window,
    "cancel_window": _cancel_window,
}
"""By the family's name: draws what a request is about; may change the state."""
