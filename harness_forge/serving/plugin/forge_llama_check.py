"""Child process in the gguf workset: a base with and without an adapter, in llama.cpp itself."""

import json
import sys

import xllamacpp

PROMPT = "The owner of the file of password hashes must be"


def likeliest(base, adapter=None):
    """Return the first token's likeliest tokens with their log probabilities."""
    settings = xllamacpp.CommonParams()
    settings.model.path = base
    settings.n_ctx, settings.n_parallel, settings.warmup = 512, 1, False
    # Its threads wait for each other in a spin: on a busy machine more than one is slower.
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    if adapter:
        lora = xllamacpp.CommonAdapterLoraInfo()
        lora.path, lora.scale = adapter, 1.0
        settings.lora_adapters = [lora]
    server = xllamacpp.Server(settings)
    # A token that is part of a character is told with the next one, so more than one is asked for.
    asked = {"prompt": PROMPT, "n_predict": 8, "temperature": 0, "n_probs": 5}
    answer = server.handle_completions(asked)
    place = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    return {str(one["id"]): one["logprob"] for one in place}


alone, adapted = likeliest(sys.argv[1]), likeliest(sys.argv[1], sys.argv[2])
same = max(alone, key=alone.get) == max(adapted, key=adapted.get)
gaps = [abs(alone[token] - adapted[token]) for token in set(alone) & set(adapted)]
print(json.dumps({"gap": max(gaps, default=0.0) if same else 1e9}))
