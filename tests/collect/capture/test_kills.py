"""kill -9 of proxy, drain and PostgreSQL: only requests under way are lost."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from fake_models import Server, serving

from harness_forge.collect.capture.drain import Drain
from harness_forge.config.proxy import ProxyConfig
from harness_forge.store.database import open_store

RUNNER = Path(__file__).with_name("killed_proxy.py")


class Load:
    """Asks without a pause, streamed and not; `done` are the questions whose answers were whole."""

    def __init__(self, url, callers=6):
        self.url, self.done, self.asked, self.stop = url, set(), 0, False
        self._lock = threading.Lock()
        self.threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(callers)]
        for thread in self.threads:
            thread.start()

    def _ask(self, caller):
        with httpx.Client(timeout=5) as client:
            while not self.stop:
                with self._lock:
                    self.asked += 1
                    name = f"q{self.asked}"
                body = {"model": "m", "stream": caller % 2 == 0, "user": name, "messages": []}
                try:
                    answer = client.post(f"{self.url}/v1/chat/completions", json=body)
                    if answer.status_code == 200:
                        self.done.add(name)
                except httpx.HTTPError:
                    time.sleep(0.02)

    def end(self):
        self.stop = True
        for thread in self.threads:
            thread.join()


def start(*words):
    made = subprocess.Popen([sys.executable, str(RUNNER), *words], stdout=subprocess.PIPE)
    made.stdout.readline()
    return made


def kill(process):
    process.kill()
    process.wait()
    process.stdout.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return bound.getsockname()[1]


def kept(store):
    """Return the questions in the store, one for each row."""
    query = "SELECT request ->> 'user' FROM killed.captures WHERE whole AND status = 200"
    with store.engine.connect() as connection:
        return list(connection.exec_driver_sql(query).scalars())


def harass(tmp_path, place, kills, drains=0, servers=()):
    """Kill a proxy under load again and again; return what was answered and the spool.

    Args:
        place: URL of the store, or the home of one that a drain starts again.
    """
    folder, port = tmp_path / "spool", free_port()
    rng, running = random.Random(7), {}
    with serving(Server(keep=False)) as models, ExitStack() as stack:
        load = Load(f"http://127.0.0.1:{port}")
        stack.callback(load.end)
        stack.callback(lambda: [kill(process) for process in running.values()])
        for n in range(kills):
            running["proxy"] = start("proxy", str(folder), str(port), models)
            if drains and n % drains == 0:
                running["drain"] = start("drain", str(folder), place)
            time.sleep(0.2 + rng.random() * 0.3)
            if n in servers:
                kill_server(tmp_path / "home/pg/postmaster.pid")
            kill(running.pop("proxy"))
            if drains and n % drains == drains - 1:
                kill(running.pop("drain"))
    return load, folder


def kill_server(file):
    """Kill a PostgreSQL that runs; wait for one that is just being started again."""
    for _ in range(100):
        with suppress(OSError, ValueError, IndexError):
            os.kill(int(file.read_text().split()[0]), signal.SIGKILL)
            return
        time.sleep(0.1)
    raise AssertionError("no server to kill")


def finish(folder, store):
    Drain(folder, ProxyConfig(), lambda: store_again(store), ["killed"]).once()


def store_again(store):
    from harness_forge.store.database import Store

    return Store(store.url)


def test_what_was_answered_is_kept_though_the_proxy_was_killed(tmp_path, store):
    load, folder = harass(tmp_path, store.url, kills=4)
    finish(folder, store)
    found = kept(store)
    assert len(load.done) > 50
    assert load.done <= set(found)
    assert len(found) == len(set(found))
    assert not list(folder.glob("*.spool"))


def test_what_reads_the_spool_may_be_killed_too(tmp_path, store):
    load, folder = harass(tmp_path, store.url, kills=3, drains=1)
    finish(folder, store)
    found = kept(store)
    assert load.done and load.done <= set(found) and len(found) == len(set(found))


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_hundred_kills_lose_only_what_was_under_way(tmp_path):
    """Every fifth kill takes the drain along, and PostgreSQL is killed five times."""
    home = tmp_path / "home"
    open_store(None, home).close()
    load, folder = harass(tmp_path, str(home), kills=100, drains=5, servers=range(12, 100, 20))
    with open_store(None, tmp_path / "home") as store:
        finish(folder, store)
        found = kept(store)
    told = {"kills": 100, "asked": load.asked, "answered": len(load.done), "kept": len(found)}
    print(json.dumps(told | {"lost": len(load.done - set(found))}))
    assert load.done <= set(found) and len(found) == len(set(found))
