"""Writes docs/gate.md's section on live traffic: how often equal arms are called different.

python tests/bench/live_errors.py
"""

from __future__ import annotations

import sys
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "evaluation"))

from live_traffic import Traffic, drawn, lowest_p_by_arrival, lowest_p_by_draw
from sections import put

STREAMS, REQUESTS, ALPHA = 400, 400, 0.05
WORLDS = [
    Traffic(speed=speed, at_once=at_once, slow_failures=slow, lost=lost, requests=REQUESTS)
    for at_once in (1, 10, 100)
    for speed, slow, lost in ((1, 1, 0), (2, 1, 0), (5, 1, 0), (2, 5, 0), (2, 5, 0.1))
]


def main() -> None:
    """Simulate and write the section."""
    lines = [HEAD.format(streams=STREAMS, requests=REQUESTS, alpha=ALPHA)]
    with Pool(2) as pool:
        for world, (arrival, order) in zip(WORLDS, pool.imap(errors, WORLDS), strict=True):
            lines.append(
                f"| {world.at_once} | {world.speed:g} | {world.slow_failures:g}"
                f" | {world.lost:.0%} | {arrival:.1%} | {order:.1%} |"
            )
            print(lines[-1], flush=True)
    put("gate.md", Path(__file__).name, "\n".join(lines))


def errors(world: Traffic) -> tuple[float, float]:
    """Return how often a look finds a difference: by arrival, and in the order of drawing."""
    first = STREAMS * WORLDS.index(world)  # every world has streams of its own
    streams = [drawn(world, seed) for seed in range(first, first + STREAMS)]
    arrival = sum(lowest_p_by_arrival(one)[0] <= ALPHA for one in streams)
    order = sum(lowest_p_by_draw(one) <= ALPHA for one in streams)
    return arrival / STREAMS, order / STREAMS


HEAD = """## Two arms of live traffic

Made by `python tests/bench/live_errors.py`: {streams} simulated streams of {requests} requests a
line, two arms that pass half of their requests, looked at after every outcome (`forge compare
--live`, alpha {alpha:g}). Any "better" is an error. Read as they arrive, outcomes of the faster arm
come first; in the order of drawing, speed has no say.

| at once | B faster by | failures slower by | no verdict | as they arrive | in the order drawn |
|--:|--:|--:|--:|--:|--:|"""

if __name__ == "__main__":
    main()
