"""A judge's server of ours: OpenAI-compatible, over real HTTP, with planted answers."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GOOD = {"execution_success": 1.0, "code_quality": 0.5, "tool_efficiency": 0.5, "directness": 0.5}


class FakeJudge:
    """Answers by what stands in the question; `asked` holds every request.

    Args:
        plan: (words, answers): the first entry whose words stand in the last
            question gives the next of its answers, its last one for ever. An
            answer is a text, a dict (sent as JSON text), a status, or seconds
            to wait (a float) before the answer after it.
    """

    def __init__(self, plan=(), models=("tiny",), tags=None) -> None:
        self.plan = [(words, list(answers)) for words, answers in plan]
        self.models, self.tags, self.asked, self.busiest = list(models), tags, [], 0
        self._now, self._lock = 0, threading.Lock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path.endswith("/api/tags") and fake.tags:
                    return self.reply(200, {"models": fake.tags})
                if not self.path.endswith("/models"):
                    return self.reply(404, {})
                told = {"data": [{"id": name, "created": time.time()} for name in fake.models]}
                return self.reply(200, told)

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with fake._lock:
                    fake.asked.append(body)
                    fake._now += 1
                    fake.busiest = max(fake.busiest, fake._now)
                    answer = fake._next(body)
                try:
                    if isinstance(answer, tuple):
                        time.sleep(answer[0])
                        answer = answer[1]
                finally:
                    with fake._lock:
                        fake._now -= 1
                if isinstance(answer, int):
                    return self.reply(answer, {"error": "planted"})
                return self.reply(200, chat(answer))

            def reply(self, status, body):
                data = json.dumps(body).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass  # the client had waited long enough

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _next(self, body):
        question = body["messages"][1]["content"]
        for words, answers in self.plan:
            if words in question:
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return GOOD

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def chat(answer, finish_reason="stop"):
    """Return a chat completion that says `answer`; one that ends in … was cut off."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    if text.endswith("…"):
        finish_reason = "length"
    message = {"role": "assistant", "content": text}
    return {"choices": [{"message": message, "finish_reason": finish_reason}]}
