"""States of the desk to begin with, drawn by a seeded generator; the names are made up."""

from __future__ import annotations

import random
from typing import Any

from harness_forge.rollouts.environments.tool_calls.world import DAYS, LABELS, PRIORITIES, REGIONS

State = dict[str, Any]

SERVICES = ("atlas", "birch", "comet", "delta", "ember", "fjord", "grove", "heron", "iris", "jetty")
PEOPLE = ("ada", "bram", "cleo", "dirk", "edda", "finn", "gita", "hugo", "ines", "jorn")
TITLES = (
    "login page is slow",
    "invoices are sent twice",
    "disk is almost full",
    "search finds nothing",
    "mails arrive late",
    "certificate ends soon",
    "export stops halfway",
    "menu shows old prices",
    "photos do not load",
    "backup takes too long",
    "clock is five minutes off",
    "reports lack a page",
)
_ROLES = ("reader", "operator", "admin")


def drawn(rng: random.Random) -> State:
    """Return a state: four services, five open tickets, three alerts, a roster, two windows.

    Owners, versions, replicas, titles and start times differ, so that each names one entry.
    """
    services, people = rng.sample(SERVICES, 4), rng.sample(PEOPLE, 6)
    return {
        "people": sorted(people),
        "services": _services(rng, services, people),
        "tickets": _tickets(rng, services, people),
        "alerts": {
            f"A-{number}": {
                "service": service,
                "severity": severity,
                "silent_minutes": 0,
                "looked_after_by": "nobody",
            }
            for number, service, severity in zip(
                sorted(rng.sample(range(1, 60), 3)),
                rng.sample(services, 3),
                rng.sample(("minor", "major", "critical"), 3),
                strict=True,
            )
        },
        "on_call": dict(zip(DAYS, rng.sample(people, 5), strict=True)),
        "access": {
            person: {service: rng.choice(_ROLES) for service in sorted(rng.sample(services, 2))}
            for person in sorted(people[:3])
        },
        "windows": {
            f"W-{number}": {"service": service, "day": day, "start": start, "minutes": minutes}
            for number, service, day, start, minutes in zip(
                sorted(rng.sample(range(1, 40), 2)),
                rng.sample(services, 2),
                rng.sample(DAYS, 2),
                (clock(rng, 0), clock(rng, 12)),
                rng.sample((30, 45, 60, 90), 2),
                strict=True,
            )
        },
    }


def clock(rng: random.Random, first: int) -> str:
    """Return a time in the twelve hours from `first` on, such as 07:30."""
    return f"{rng.randrange(first, first + 12):02}:{rng.choice((0, 15, 30, 45)):02}"


def version(rng: random.Random) -> str:
    """Return a version such as 3.12.7."""
    return f"{rng.randrange(1, 9)}.{rng.randrange(20)}.{rng.randrange(10)}"


def _services(rng: random.Random, names: list[str], people: list[str]) -> State:
    replicas = rng.sample(range(2, 12), len(names))
    versions: list[str] = []
    while len(versions) < 2 * len(names):
        if (one := version(rng)) not in versions:
            versions.append(one)
    return {
        name: {
            "owner": people[place],
            "region": rng.choice(REGIONS),
            "replicas": replicas[place],
            "memory_mb": 64 * rng.choice((2, 4, 6, 8, 12, 16)),
            "version": versions[place],
            "previous": versions[-place - 1],
            "running": True,
        }
        for place, name in enumerate(sorted(names))
    }


def _tickets(rng: random.Random, services: list[str], people: list[str]) -> State:
    titles = rng.sample(TITLES, 5)
    return {
        f"T-{number}": {
            "title": titles[place],
            "service": rng.choice(services),
            "priority": rng.choice(PRIORITIES),
            "status": "open",
            "assignee": rng.choice([*people, "nobody"]),
            "labels": sorted(rng.sample(LABELS, rng.randrange(3))),
            "watchers": [],
        }
        for place, number in enumerate(sorted(rng.sample(range(100, 400), 5)))
    }
