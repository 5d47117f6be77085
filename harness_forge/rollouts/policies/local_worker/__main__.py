"""The child process of `local.LocalModel`: reads requests, writes answers as they end.

Runs in a workset's Python, so nothing in this folder imports harness_forge. One
JSON line in for each request, with its id; one JSON line out for each answer,
in the order in which they end. It stops when its standard input closes.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
# A thread that waits for the others spins. If another program, such as the scanner that
# judges answers, uses a core, spinning makes a step many times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
OUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a library prints goes to stderr, not between our lines


def say(answer) -> None:
    """Write one line."""
    OUT.write(json.dumps(answer) + "\n")
    OUT.flush()


def load(args):
    """Return tokenizer and model: float32 on a CPU and bfloat16 on a GPU, as `forge serve` does.

    In float32 an adapter is merged into the weights: a third of the matrix
    products, the same answers. In bfloat16, rounding would change some answers.
    """
    import torch

    gpu = torch.cuda.is_available()
    if not gpu:
        # As in training: the kernels that a linear attention would take run on a GPU alone.
        sys.modules.setdefault("fla", None)
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    if args.template:
        tokenizer.chat_template = Path(args.template).read_text()
    half = gpu if args.dtype == "auto" else args.dtype == "bfloat16"
    # As training loads it: the names of its layers depend on the class.
    loader = AutoModelForImageTextToText if args.wrapped else AutoModelForCausalLM
    model = loader.from_pretrained(args.model, dtype=torch.bfloat16 if half else torch.float32)
    if args.adapter:
        from peft import PeftModel

        adapted = PeftModel.from_pretrained(model, args.adapter)
        model = adapted.base_model.model if half else adapted.merge_and_unload()
    return tokenizer, model.to("cuda" if gpu else "cpu").eval()


def stops(tokenizer, model) -> set[int]:
    """Return the tokens that end an answer: the tokenizer's and the model settings'."""
    also = model.generation_config.eos_token_id
    found = {tokenizer.eos_token_id, *(also if isinstance(also, list) else [also])} - {None}
    if not found:
        raise ValueError("neither tokenizer nor generation_config.json names an end-of-turn token")
    return found


def render(tokenizer, request) -> list[int]:
    """Return the prompt's tokens; refuse a template that leaves the tools out."""
    tools = request["tools"] or None
    text = tokenizer.apply_chat_template(
        request["messages"], tools=tools, tokenize=False, add_generation_prompt=True
    )
    # Our own words contain the tool's name too; only the schema has its parameters.
    for tool in tools or ():
        if any(name not in text for name in tool["function"]["parameters"]["properties"]):
            raise ValueError("the model's chat template renders no tools")
    return tokenizer(text, add_special_tokens=False).input_ids


def begin(tokenizer, requests):
    """Return a row for each request; answer at once those with a prompt that cannot be rendered."""
    from row import Generation

    rows = []
    for request in requests:
        sampling = request["sampling"]
        try:
            prompt = render(tokenizer, request)
        except Exception as error:  # a template may raise anything
            hint = "give one that does with policy.chat_template"
            say({"id": request["id"], "fault": first_line(error), "hint": hint})
            continue
        rows.append(
            Generation(
                request["id"],
                prompt,
                limit=sampling.get("max_tokens", 256),
                temperature=sampling.get("temperature", 0),
                seed=sampling.get("seed"),
            )
        )
    return rows


def end(tokenizer, row) -> dict:
    """Return the answer of a finished row, without the stop token."""
    text = tokenizer.decode(row.new[: len(row.new) - row.stopped], skip_special_tokens=False)
    return {
        "id": row.key,
        "text": text,
        "finish_reason": "stop" if row.stopped else "length",
        "prompt_tokens": len(row.prompt),
        "completion_tokens": len(row.new),
    }


def serve(tokenizer, decoder, lines: queue.Queue) -> None:
    """Answer until the process ends: rows join when a slot is free, and leave when they end."""
    while True:
        requests = take(lines, decoder.free, decoder.patience_s, idle=not decoder.rows)
        ended = decoder.admit(rows) if (rows := begin(tokenizer, requests)) else []
        ended += decoder.step() if decoder.rows else []
        for row in ended:
            say(end(tokenizer, row))


def take(lines: queue.Queue, most: int, patience_s: float, *, idle: bool) -> list[dict]:
    """Return at most `most` waiting requests; when idle, wait for one."""
    found: list[dict] = []
    wait_s = None if idle else 0
    while len(found) < most:
        try:
            found.append(json.loads(lines.get(timeout=wait_s)))
        except queue.Empty:
            break
        wait_s = patience_s
    return found


def read(lines: queue.Queue) -> None:
    """Put lines on the queue; at the end of the input, stop the process."""
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


def first_line(error: Exception) -> str:
    """Return the first line of an error's message."""
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__


def main() -> None:
    """Load the model, report it, answer until stdin closes."""
    parser = argparse.ArgumentParser()
    for flag in ("--model", "--adapter", "--template"):
        parser.add_argument(flag)
    parser.add_argument("--wrapped", action="store_true")
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--dtype", choices=("auto", "bfloat16", "float32"), default="auto")
    args = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=read, args=(lines,), daemon=True).start()
    try:
        import torch

        tokenizer, model = load(args)
        decoder = open_decoder(model, stops(tokenizer, model), args.slots)
    except Exception as error:  # one line for the user, whatever went wrong
        say({"fault": f"cannot be loaded: {first_line(error)}"})
        return
    say({"ready": True, "decoder": type(decoder).__name__, "dtype": str(model.dtype)})
    with torch.inference_mode():
        serve(tokenizer, decoder, lines)


def open_decoder(model, ends: set[int], slots: int):
    """Return the decoder for `model`: a running batch if that gives the model's own logits."""
    import torch
    from batch import Batch, agrees
    from choosing import plain
    from whole import Whole

    with torch.inference_mode():
        suits = plain(model.generation_config) and agrees(model)
    return (Batch if suits else Whole)(model, ends, slots)


if __name__ == "__main__":
    main()
