"""What `forge proxy` adds, against the same server asked directly, in one run; capture is on.

    python tests/bench/proxy.py [--rounds 3] [--seconds 4] [--litellm PATH] [--requests 20000]

A server of ours answers at a fixed pace. Direct and proxied rounds alternate, so that
what else the machine does meets both. Added is the difference of the same quantile.
`--litellm` is LiteLLM's program in an environment of its own; `--requests` are asked one
after another as fast as they go, to see whether memory stays flat.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import uvloop

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "tests/fake_models.py"
STREAMS, TOKENS, PACE, RATE, SIZE = 50, 200, 50, 200, 2048
PORTS = {"direct": 38101, "forge": 38102, "litellm": 38103}


def request(stream: bool) -> bytes:
    """Return a request of about 2 KB."""
    words = "x" * (SIZE - 150)
    body = {"model": "m", "messages": [{"role": "user", "content": words}], "stream": stream}
    raw = json.dumps(body).encode()
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer sk-x\r\n"
    return (
        f"{head}content-type: application/json\r\ncontent-length: {len(raw)}\r\n\r\n".encode() + raw
    )


class Caller:
    """One kept connection."""

    def __init__(self, port):
        self.port = port

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def whole(self, raw):
        """Return the seconds that an unstreamed answer took."""
        begun = time.perf_counter()
        self.writer.write(raw)
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head[:15], head
        size = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        await self.reader.readexactly(size)
        return time.perf_counter() - begun

    async def streamed(self, raw):
        """Return the seconds to the first token and to the end of a streamed answer."""
        begun = time.perf_counter()
        self.writer.write(raw)
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head[:15], head
        first, tail = None, b""
        while not tail.endswith(b"0\r\n\r\n"):
            piece = await self.reader.read(65536)
            assert piece
            first = first or time.perf_counter() - begun
            tail = (tail + piece)[-16:]
        return first, time.perf_counter() - begun


async def streams(port):
    """Ask for 50 streams that begin within a second."""
    callers = [await Caller(port).open() for _ in range(STREAMS)]
    raw = request(True)

    async def one(place, caller):
        await asyncio.sleep(place / STREAMS)
        return await caller.streamed(raw)

    return await asyncio.gather(*(one(place, caller) for place, caller in enumerate(callers)))


async def unstreamed(port, seconds):
    """Ask 200 times a second, whether or not answers have come."""
    callers = [await Caller(port).open() for _ in range(32)]
    free, raw, tasks = asyncio.Queue(), request(False), []
    for caller in callers:
        free.put_nowait(caller)

    async def one():
        caller = await free.get()
        took = await caller.whole(raw)
        free.put_nowait(caller)
        return took

    begun = time.perf_counter()
    for number in range(int(RATE * seconds)):
        await asyncio.sleep(max(begun + number / RATE - time.perf_counter(), 0))
        tasks.append(asyncio.create_task(one()))
    return await asyncio.gather(*tasks)


async def many(port, count, pid):
    """Ask `count` times over 8 connections and return the memory at ten moments, in MB."""
    callers = [await Caller(port).open() for _ in range(8)]
    raw, sizes = request(False), []
    for _ in range(10):
        await asyncio.gather(*(loop(caller, raw, count // 80) for caller in callers))
        sizes.append(round(resident(pid), 1))
    return sizes


async def loop(caller, raw, count):
    for _ in range(count):
        await caller.whole(raw)


def resident(pid):
    """Return a process's memory in MB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def spent(pid):
    """Return the CPU seconds of a process."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def quantile(values, share):
    made = sorted(values)
    return made[min(int(share * len(made)), len(made) - 1)] * 1000


def start(command, where, **more):
    # Nobody reads what they say: into a pipe they would say it until that is full, and stop.
    return subprocess.Popen(command, cwd=where, stdout=subprocess.DEVNULL, **more)


def free(port):
    """End where another run, or anything else, would answer in our name."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        raise SystemExit(f"port {port} is taken: does another run go on?") from None


def until_open(port, process, seconds=90):
    """Wait until something listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"nothing listens on {port}")


def forge(folder):
    """Start `forge proxy` with its store."""
    for name in ("conf", "recipes"):
        shutil.copytree(ROOT / name, folder / name)
    words = [f"proxy.port={PORTS['forge']}", f"forge_home={folder / 'home'}", "skill=recorded"]
    words.append(f"proxy.upstreams.local.url=http://127.0.0.1:{PORTS['direct']}")
    return start([sys.executable, "-m", "harness_forge.cli", "proxy", *words], folder)


def litellm(program, folder):
    """Start LiteLLM's proxy, its logging off."""
    api = f"http://127.0.0.1:{PORTS['direct']}/v1"
    params = {"model": "openai/m", "api_base": api, "api_key": "sk-x"}
    config = {"model_list": [{"model_name": "m", "litellm_params": params}]}
    (folder / "litellm.yaml").write_text(json.dumps(config))
    words = ["--config", "litellm.yaml", "--port", str(PORTS["litellm"]), "--host", "127.0.0.1"]
    quiet = {"stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    unlocked = "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY"  # as ours, on loopback
    environment = {**os.environ, "LITELLM_MODE": "PRODUCTION", "LITELLM_TELEMETRY": "False"}
    environment[unlocked] = "true"
    return start([program, *words], folder, env=environment, **quiet)


async def measure(names, pids, options):
    took, cpu = defaultdict(list), defaultdict(float)
    for name in names:  # warm connections and code
        await unstreamed(PORTS[name], 0.5)
    for _ in range(options.rounds):
        for name in names:
            before = spent(pids[name])
            made = await streams(PORTS[name])
            took[name, "first"] += [one for one, _ in made]
            took[name, "total"] += [one for _, one in made]
            cpu[name, "streams"] += spent(pids[name]) - before
        for name in names:
            before = spent(pids[name])
            took[name, "whole"] += await unstreamed(PORTS[name], options.seconds)
            cpu[name, "whole"] += spent(pids[name]) - before
    return took, cpu


def told(names, took, cpu):
    head = "added, ms".ljust(24) + "".join(
        f"{name + ' ' + q:>16}" for name in names[1:] for q in ("p50", "p99")
    )
    lines = [head]
    titles = {"first": "first token of 50", "total": "whole stream", "whole": "200/s unstreamed"}
    for kind, title in titles.items():
        line = title.ljust(24)
        for name in names[1:]:
            for share in (0.5, 0.99):
                added = quantile(took[name, kind], share) - quantile(took["direct", kind], share)
                line += f"{added:>16.2f}"
        lines.append(line)
    for kind, title in titles.items():
        p50, p99 = (quantile(took["direct", kind], share) for share in (0.5, 0.99))
        lines.append(f"direct, ms: {title} {p50:.2f}, p99 {p99:.2f}")
    for name in names[1:]:
        chunks = len(took[name, "first"]) * (TOKENS + 3)
        lines.append(
            f"{name}: CPU {cpu[name, 'streams'] / chunks * 1e6:.0f} us a streamed token,"
            f" {cpu[name, 'whole'] / max(len(took[name, 'whole']), 1) * 1e3:.2f} ms a request"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--litellm", default="")
    parser.add_argument("--requests", type=int, default=0)
    options = parser.parse_args()
    for port in PORTS.values():
        free(port)
    folder, running = Path(tempfile.mkdtemp()), {}
    try:
        words = [sys.executable, str(MODELS), str(PORTS["direct"]), str(TOKENS), str(PACE)]
        running["direct"] = start(words, folder)
        running["forge"] = forge(folder)
        if options.litellm:
            running["litellm"] = litellm(options.litellm, folder)
        for name, process in running.items():
            until_open(PORTS[name], process)
        time.sleep(2)
        pids = {name: process.pid for name, process in running.items()}
        took, cpu = uvloop.run(measure(list(running), pids, options))
        print(told(list(running), took, cpu))
        if options.requests:
            sizes = uvloop.run(many(PORTS["forge"], options.requests, pids["forge"]))
            print(f"memory over {options.requests} requests, MB: {sizes}")
    finally:
        for process in reversed(running.values()):
            process.terminate()
        for process in running.values():
            process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
