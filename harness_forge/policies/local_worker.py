"""The child process of `local.LocalModel`: reads batches, writes answers.

Runs in a workset's Python, so it imports nothing of harness_forge. One JSON
line in (a list of requests), one JSON line out (a list of answers).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
OUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # whatever a library prints goes to stderr, not between our lines


def say(answer) -> None:
    """Write one line."""
    OUT.write(json.dumps(answer) + "\n")
    OUT.flush()


def load(args):
    """Return tokenizer and model, in float32 on a CPU and bf16 on a GPU."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    gpu = torch.cuda.is_available()
    tokenizer = AutoTokenizer.from_pretrained(args.model, padding_side="left")
    if args.template:
        tokenizer.chat_template = Path(args.template).read_text()
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(
        args.model, dtype=torch.bfloat16 if gpu else torch.float32
    )
    if args.adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, args.adapter)
    return tokenizer, model.to("cuda" if gpu else "cpu").eval()


def render(tokenizer, request) -> str:
    """Return the prompt text; refuse a template that leaves the tools out."""
    tools = request["tools"] or None
    text = tokenizer.apply_chat_template(
        request["messages"], tools=tools, tokenize=False, add_generation_prompt=True
    )
    # The tool's name stands in our own words too, its parameters only in the schema.
    for tool in tools or ():
        if any(name not in text for name in tool["function"]["parameters"]["properties"]):
            raise ValueError("the model's chat template renders no tools")
    return text


def answer(tokenizer, model, batch) -> list[dict]:
    """Return one answer per request; a batch shares its sampling settings."""
    import torch

    texts = [render(tokenizer, request) for request in batch]
    sampling = batch[0]["sampling"]
    enc = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
    enc = {k: v.to(model.device) for k, v in enc.items() if k in ("input_ids", "attention_mask")}
    width = enc["input_ids"].shape[1]
    warm = sampling.get("temperature", 0) > 0
    if sampling.get("seed") is not None:
        torch.manual_seed(sampling["seed"])
    extra = {"temperature": sampling["temperature"]} if warm else {}
    with torch.inference_mode():
        out = model.generate(
            **enc,
            max_new_tokens=sampling.get("max_tokens", 256),
            do_sample=warm,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            **extra,
        )
    answers = []
    for row, mask in zip(out, enc["attention_mask"], strict=True):
        new = row[width:].tolist()
        stop = new.index(tokenizer.eos_token_id) if tokenizer.eos_token_id in new else None
        kept = new if stop is None else new[:stop]
        answers.append(
            {
                "text": tokenizer.decode(kept, skip_special_tokens=False),
                "finish_reason": "length" if stop is None else "stop",
                "prompt_tokens": int(mask.sum()),
                "completion_tokens": len(kept) + (stop is not None),
            }
        )
    return answers


def main() -> None:
    """Load the model, say hello, answer until stdin ends."""
    parser = argparse.ArgumentParser()
    for flag in ("--model", "--adapter", "--template"):
        parser.add_argument(flag)
    args = parser.parse_args()
    try:
        tokenizer, model = load(args)
    except Exception as error:  # one line for the user, whatever went wrong
        first = (str(error).splitlines() or [""])[0]
        say({"fault": f"cannot be loaded: {first[:200] or type(error).__name__}"})
        return
    say({"ready": True})
    for line in sys.stdin:
        try:
            say(answer(tokenizer, model, json.loads(line)))
        except ValueError as error:
            say({"fault": str(error), "hint": "give one that does with policy.chat_template"})


if __name__ == "__main__":
    main()
