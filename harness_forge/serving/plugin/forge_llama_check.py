"""Child process in the gguf workset: a base with and without an adapter, in llama.cpp itself.

Arguments: base, adapter, texts as JSON. Prints the texts' tokens and how far the answers are apart.
"""

import json
import os
import sys
import urllib.request

import xllamacpp

PROMPT = "Hello"


def opened(base, adapter=None):
    """Return a llama.cpp server of one model; it listens on the loopback."""
    settings = xllamacpp.CommonParams()
    settings.model.path = base
    settings.n_ctx, settings.n_parallel, settings.warmup = 512, 1, False
    # Its threads spin while they wait: on a busy machine more than one is slower.
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    if adapter:
        lora = xllamacpp.CommonAdapterLoraInfo()
        lora.path, lora.scale = adapter, 1.0
        settings.lora_adapters = [lora]
    return xllamacpp.Server(settings)


def tokens(server, text):
    """Return llama.cpp's tokens of a text."""
    body = json.dumps({"content": text, "add_special": False, "parse_special": True}).encode()
    url, kind = f"{server.listening_address}/tokenize", {"Content-Type": "application/json"}
    asked = urllib.request.Request(url, body, kind)  # noqa: S310
    with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310
        return json.load(answer)["tokens"]


def likeliest(server):
    """Return the first token's likeliest tokens with their log probabilities."""
    # If a token is part of a character, it is reported with the next one: ask for several.
    asked = {"prompt": PROMPT, "n_predict": 8, "temperature": 0, "n_probs": 5}
    answer = server.handle_completions(asked)
    if "choices" not in answer:
        raise RuntimeError(answer["error"]["message"])
    place = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    return {str(one["id"]): one["logprob"] for one in place}


try:
    server = opened(sys.argv[1])
    result = [tokens(server, text) for text in json.loads(sys.argv[3])]
    alone, adapted = likeliest(server), likeliest(opened(sys.argv[1], sys.argv[2]))
    same = max(alone, key=alone.get) == max(adapted, key=adapted.get)
    gaps = [abs(alone[token] - adapted[token]) for token in set(alone) & set(adapted)]
    print(
        json.dumps({"tokens": result, "gap": max(gaps, default=0.0) if same else 1e9}), flush=True
    )
    code = 0
except Exception as error:
    print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    code = 1
# Its threads do not always end.
os._exit(code)
