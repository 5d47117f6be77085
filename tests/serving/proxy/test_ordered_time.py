"""The machine's clock is set back or ahead while requests pass: their order stays theirs."""

import time

from harness_forge.collect.capture.rows import moment
from harness_forge.serving.proxy.ordered_time import OrderedTime, now_ns

HOUR = 3600 * 10**9


class Clock:
    """A machine's clock that is moved, beside one that never is."""

    def __init__(self, monkeypatch):
        self.wall, self.ticks = 1_800_000_000 * 10**9, 0
        monkeypatch.setattr(time, "time_ns", lambda: self.wall)
        monkeypatch.setattr(time, "perf_counter_ns", lambda: self.ticks)

    def goes_on(self, by):
        self.wall, self.ticks = self.wall + by, self.ticks + by


def test_time_is_the_clocks_while_that_goes_on(monkeypatch):
    clock, times = Clock(monkeypatch), OrderedTime()
    for _ in range(3):
        assert times.now() == clock.wall
        clock.goes_on(HOUR)


def test_two_times_are_apart_in_the_store_even_where_the_clock_stands(monkeypatch):
    Clock(monkeypatch)
    times = OrderedTime()
    found = [moment(times.now()) for _ in range(50)]
    assert found == sorted(set(found))


def test_a_clock_that_was_set_back_is_caught_up_with(monkeypatch):
    clock, times = Clock(monkeypatch), OrderedTime()
    found = [times.now()]
    clock.wall -= HOUR
    for _ in range(5):
        clock.goes_on(HOUR // 2)
        found.append(times.now())
    assert found == sorted(set(found))
    assert found[1] - found[0] == HOUR // 4
    assert found[-1] == clock.wall


def test_captures_draws_and_outcomes_keep_their_order(proxied, monkeypatch):
    proxy, real = proxied(), time.time_ns
    body = {"model": "m", "messages": [{"role": "user", "content": "u"}]}
    for number in range(6):
        back = number * HOUR
        monkeypatch.setattr(time, "time_ns", lambda back=back: real() - back)
        path = "/r/run/worker/v1/chat/completions"
        assert proxy.client.post(path, json=body).status_code == 200
        told = {"run": "run", "item": f"i{number}", "passed": True}
        assert proxy.client.post("/outcomes", json=told).status_code == 202
    last = now_ns()
    facts = [one.facts for one in proxy.kept()]
    requests = [one for one in facts if one["type"] != "outcome"]
    outcomes = [one for one in facts if one["type"] == "outcome"]
    assert (len(requests), [one["keys"]["item"] for one in outcomes]) == (
        6,
        [f"i{number}" for number in range(6)],
    )
    for rows in (requests, outcomes):
        for key in ("at", "id"):
            assert [one[key] for one in rows] == sorted({one[key] for one in rows})
    assert max(one["at"] for one in facts) < last
