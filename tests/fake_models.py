"""A server of models that says what it is told to, byte by byte; also for benchmarks.

What the request's `model` is decides: `dies` breaks off, `broken` sends events
that are no JSON, `fails` is a 500, `slow` waits, anything else answers.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
import time
from contextlib import contextmanager

CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "apply_fix", "arguments": '{"fix_script": "good"}'},
}
USAGE = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}


def whole(model):
    message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    answer = {"id": "x", "object": "chat.completion", "model": model, "choices": [choice]}
    return json.dumps({**answer, "odd": "kept \u00e9", "usage": USAGE}, indent=1).encode()


def piece(model, delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "x", "object": "chat.completion.chunk", "model": model, "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def pieces(model, words=("one", " two", " three")):
    made = [piece(model, {"role": "assistant", "content": ""})]
    made += [piece(model, {"content": word}) for word in words]
    half = [{"index": 0, **CALL, "function": {"name": "apply_fix", "arguments": '{"fix_script"'}}]
    made.append(piece(model, {"tool_calls": half}))
    rest = [{"index": 0, "function": {"arguments": ': "good"}'}}]
    made.append(piece(model, {"tool_calls": rest}))
    return [*made, piece(model, {}, "tool_calls")]


def usage(model):
    body = {"id": "x", "object": "chat.completion.chunk", "model": model, "choices": []}
    return b"data: " + json.dumps({**body, "usage": USAGE}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


class Server:
    """Answers; `seen` holds each request's head and body."""

    def __init__(self, gap_s=0.0, tokens=0, keep=True):
        self.seen, self.gap_s, self.tokens, self.keep = [], gap_s, tokens, keep
        self.connections = 0

    async def __call__(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.lower().split(b"\r\n")
                sizes = [int(x.split(b":")[1]) for x in lines if x.startswith(b"content-length:")]
                body = await reader.readexactly(sizes[0]) if sizes else b""
                if self.keep:
                    self.seen.append((head, body))
                await self.answer(json.loads(body) if body else {}, writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, asked, writer):
        model = asked.get("model", "")
        if model == "fails":
            await self.send(writer, b'{"error": "no"}', b"500 Internal Server Error")
        elif model == "slow":
            await asyncio.sleep(30)
        elif asked.get("stream"):
            await self.stream(asked, model, writer)
        else:
            if model == "dies":
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{")
                await writer.drain()
                raise ConnectionError
            await self.send(writer, whole(model))

    async def send(self, writer, body, status=b"200 OK"):
        kind = b"content-type: application/json\r\nx-odd: 1"
        head = b"HTTP/1.1 %b\r\n%b\r\ncontent-length: %d\r\n\r\n" % (status, kind, len(body))
        writer.write(head + body)
        await writer.drain()

    async def stream(self, asked, model, writer):
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
        writer.write(head + b"transfer-encoding: chunked\r\n\r\n")
        events = pieces(model)
        if self.tokens:
            events = [piece(model, {"content": "tok"}) for _ in range(self.tokens)]
            events.append(piece(model, {}, "stop"))
        if model == "broken":
            events.insert(2, b"data: {no json\n\n: a comment\n\nevent: odd\n\n")
        if (asked.get("stream_options") or {}).get("include_usage"):
            events.append(usage(model))
        begun, steps = time.perf_counter(), self.tokens or len(events)
        for number, event in enumerate([*events, DONE], start=1):
            if writer.is_closing() or (model == "dies" and number == 4):
                raise ConnectionError  # some leave before the end of a stream has come
            writer.write(b"%x\r\n%b\r\n" % (len(event), event))
            await writer.drain()
            # Tokens have times of their own, as a model's steps have: a pause after each would
            # add up what else the machine does. What ends a stream follows at once.
            if number <= steps:
                await asyncio.sleep(max(begun + number * self.gap_s - time.perf_counter(), 0))
        writer.write(b"0\r\n\r\n")
        await writer.drain()


@contextmanager
def in_thread(start):
    """Run a loop beside the tests; `start(stop)` is a coroutine that yields to `stop`."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    made, fault = [], []

    async def main():
        stop = asyncio.Event()
        made.append(stop)
        try:
            await start(stop, ready.set)
        except BaseException as error:
            fault.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=loop.run_until_complete, args=(main(),))
    thread.start()
    ready.wait(10)
    if fault:
        thread.join()
        loop.close()
        raise fault[0]
    try:
        yield
    finally:
        loop.call_soon_threadsafe(made[0].set)
        thread.join(10)
        loop.close()


@contextmanager
def serving(server):
    """Serve on a free port; yields its URL."""
    bound = socket.create_server(("127.0.0.1", 0))
    port = bound.getsockname()[1]

    async def start(stop, ready):
        made = await asyncio.start_server(server, sock=bound, limit=1 << 27)
        ready()
        await stop.wait()
        made.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.05)

    with in_thread(start):
        yield f"http://127.0.0.1:{port}"


if __name__ == "__main__":

    async def main(port, tokens, rate):
        server = Server(1 / float(rate), int(tokens), keep=False)
        made = await asyncio.start_server(server, "127.0.0.1", int(port), backlog=1024)
        print("ready", flush=True)
        await made.serve_forever()

    try:
        import uvloop

        uvloop.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        pass
