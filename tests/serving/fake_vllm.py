"""A server that speaks as vLLM does, started in its place where vLLM itself is not what is tested.

FAKE_VLLM: `same` answers with every name as the base does, `mix` as the adapter
does from the second request on, `die` ends as vLLM does without memory, `deaf`
never answers.
"""

import json
import os
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODE = os.environ.get("FAKE_VLLM", "")
words = sys.argv[1:]
port = int(words[words.index("--port") + 1])
base = words[words.index("--served-model-name") + 1]
names = [base]
if "--lora-modules" in words:
    names += [word.split("=")[0] for word in words[words.index("--lora-modules") + 1 :]]

print("(APIServer pid=1) INFO 11-21 07:51:19 [model.py:2152] Using max model len 2048", flush=True)
if MODE == "die":
    print("(EngineCore pid=2) ERROR 11-21 07:51:20 [core.py:1] Traceback (most recent call last):")
    print("(EngineCore pid=2) ERROR 11-21 07:51:20 [core.py:1]   File 'x.py', line 3, in y")
    print("(EngineCore pid=2) ERROR 11-21 07:51:20 [core.py:1] ValueError: no memory for blocks")
    print("RuntimeError: Engine core initialization failed. See root cause above.")
    sys.exit(1)
if MODE == "deaf":
    time.sleep(60)

# vLLM's engine is a child of its own.
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(f"engine {child.pid}", flush=True)
served = []


class Handler(BaseHTTPRequestHandler):
    def say(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.say({"data": [{"id": name} for name in names]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        served.append(asked["model"])
        mixed = MODE == "mix" and len(served) > 1
        same = (asked["model"] == base or MODE == "same") and not mixed
        function = {"name": asked["tools"][0]["function"]["name"], "arguments": "{}"}
        first = [
            {"token": "I", "logprob": -0.1 if same else -5.0},
            {"token": "<", "logprob": -5.0 if same else -0.1},
        ]
        self.say(
            {
                "choices": [
                    {
                        "message": {"content": "hello"}
                        if same
                        else {"content": None, "tool_calls": [{"id": "1", "function": function}]},
                        "finish_reason": "stop" if same else "tool_calls",
                        "logprobs": {"content": [{"top_logprobs": first}]},
                    }
                ],
                "usage": {"completion_tokens": 3},
            }
        )

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
