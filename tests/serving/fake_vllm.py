"""A server that speaks as vLLM does, started in its place where vLLM itself is not what is tested.

FAKE_VLLM: `same` answers with every name as the base does, `mix` as the adapter
does from the second request on, `die` ends as vLLM does without memory, `deaf`
never answers, `noload` refuses to load, `dead` gives adapters loaded later the
base's answers, `keep` refuses to unload.
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
folders = {}
if "--lora-modules" in words:
    given = words[words.index("--lora-modules") + 1 :]
    folders = dict(word.split("=") for word in given)
late = set()

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
    def say(self, body, code=200):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        models = [{"id": base, "root": "model"}]
        models += [{"id": n, "root": f, "parent": base} for n, f in folders.items()]
        self.say({"data": models})

    def load(self, asked):
        if MODE == "noload":
            return self.say({"error": {"message": "cannot read the weights"}}, 500)
        folders[asked["lora_name"]] = asked["lora_path"]
        late.add(asked["lora_name"])
        return self.say("loaded")

    def unload(self, asked):
        if MODE == "keep":
            return self.say({"error": {"message": "not now"}}, 500)
        del folders[asked["lora_name"]]
        return self.say("unloaded")

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("load_lora_adapter"):
            return self.unload(asked) if "unload" in self.path else self.load(asked)
        served.append(asked["model"])
        mixed = MODE == "mix" and len(served) > 1
        same = (asked["model"] == base or MODE == "same") and not mixed
        same = same or (MODE == "dead" and asked["model"] in late)
        function = {"name": asked["tools"][0]["function"]["name"], "arguments": "{}"}
        first = [
            {"token": "I", "logprob": -0.1 if same else -5.0},
            {"token": "<", "logprob": -5.0 if same else -0.1},
        ]
        function["arguments"] = json.dumps({"by": asked["model"]})
        return self.say(
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
