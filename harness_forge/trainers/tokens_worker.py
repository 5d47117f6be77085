"""Child process of the audit: the rows as a model will be asked, and as Axolotl prepared them.

Runs in the workset's Python, so it imports nothing of harness_forge. One JSON
line out: {"rows": …, "prepared": …, "eos": …} or {"fault": …}. A row is
{"prompt": ids, "answer": ids, "text": …}, rendered by the library that serving
uses; a prepared row is {"ids", "labels"}, read from what Axolotl will load.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
OUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # whatever a library prints goes to stderr, not into our line


def look(args) -> dict:
    """Return both views."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    tokenizer.chat_template = Path(args.template).read_text(encoding="utf-8")
    with open(args.train, encoding="utf-8") as file:  # noqa: PTH123 - a stream of lines
        rows = [_row(tokenizer, json.loads(line)) for line in file]
    answer = {"rows": rows, "eos": tokenizer.eos_token_id, "eos_token": tokenizer.eos_token}
    if args.prepared:
        answer["prepared"] = _prepared(Path(args.prepared))
        answer["shown"] = _shown(tokenizer, answer["prepared"])
    return answer


def _row(tokenizer, row) -> dict:
    tools = json.loads(row["tools"]) if isinstance(row.get("tools"), str) else row.get("tools")
    render = {"tools": tools or None, "tokenize": False}
    messages = row["messages"]
    prompt = tokenizer.apply_chat_template(messages[:-1], add_generation_prompt=True, **render)
    # A missing key is one thing, a key without value another: templates may tell them apart.
    whole = tokenizer.apply_chat_template(messages, **render)
    for tool in tools or ():
        if any(name not in prompt for name in tool["function"]["parameters"]["properties"]):
            raise ValueError("the model's chat template renders no tools")
    if not whole.startswith(prompt):
        raise ValueError("the chat template renders a prompt otherwise when an answer follows")
    return {
        "prompt": tokenizer(prompt, add_special_tokens=False)["input_ids"],
        "answer": tokenizer(whole[len(prompt) :], add_special_tokens=False)["input_ids"],
        "text": whole,
    }


def _prepared(place: Path) -> list[dict]:
    from datasets import load_from_disk

    folders = [path for path in place.iterdir() if (path / "state.json").is_file()]
    if len(folders) != 1:
        raise ValueError(f"Axolotl prepared {len(folders)} datasets instead of one")
    rows = load_from_disk(str(folders[0]))
    return [{"ids": row["input_ids"], "labels": row["labels"]} for row in rows]


def _shown(tokenizer, prepared) -> dict:
    """Return the first row's masked and trained tokens, decoded."""
    first = prepared[0] if prepared else {"ids": [], "labels": []}
    pairs = list(zip(first["ids"], first["labels"], strict=True))
    return {
        "masked": tokenizer.decode([token for token, label in pairs if label == -100]),
        "trained": tokenizer.decode([token for token, label in pairs if label != -100]),
    }


def main() -> None:
    """Look, and say it in one line."""
    parser = argparse.ArgumentParser()
    for flag in ("--model", "--template", "--train", "--prepared"):
        parser.add_argument(flag)
    try:
        answer = look(parser.parse_args())
    except Exception as error:  # one line for the user, whatever went wrong
        first = (str(error).splitlines() or [""])[0]
        answer = {"fault": first[:300] or type(error).__name__}
    OUT.write(json.dumps(answer) + "\n")
    OUT.flush()
    sys.exit(0)


if __name__ == "__main__":
    main()
