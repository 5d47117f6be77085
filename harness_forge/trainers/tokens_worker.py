"""Child process of the audit: the rows as a model will be asked, and as Axolotl prepared them.

Runs in the workset's Python, so it imports nothing of harness_forge. One JSON
line out: {"rows": …, "prepared": …, "eos": …} or {"fault": …}. A row is
{"prompt": ids, "answer": ids, "asked", "answered": texts}, rendered by the library that serving
uses; a prepared row is {"ids", "labels"}, read from what Axolotl will load.

With --pairs the rows are preference pairs: {"chosen": row, "rejected": row},
each answer cut after its end-of-turn token. Their texts are also written to
FOLDER/pairs.jsonl, which Axolotl reads, and their tokens to FOLDER/tokens.jsonl,
with which the trainer compares its own.
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
        lines = [json.loads(line) for line in file]
    answer = {"eos": tokenizer.eos_token_id, "eos_token": tokenizer.eos_token}
    if args.pairs:
        pairs = [_pair(tokenizer, line) for line in lines]
        _write(Path(args.pairs), pairs)
        return answer | {"rows": pairs}
    answer["rows"] = [_row(tokenizer, line) for line in lines]
    if args.prepared:
        answer["prepared"] = _prepared(Path(args.prepared))
        answer["shown"] = _shown(tokenizer, answer["prepared"])
    return answer


def _row(tokenizer, row, cut=False) -> dict:
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
    answer = whole[len(prompt) :]
    if cut and tokenizer.eos_token in answer:
        # Templates put a line break after the end of turn; nobody is asked to write it.
        answer = answer[: answer.rindex(tokenizer.eos_token) + len(tokenizer.eos_token)]
    return {
        "prompt": tokenizer(prompt, add_special_tokens=False)["input_ids"],
        "answer": tokenizer(answer, add_special_tokens=False)["input_ids"],
        "asked": prompt,
        "answered": answer,
    }


def _pair(tokenizer, row) -> dict:
    return {
        side: _row(tokenizer, {**row, "messages": row["prompt"] + row[side]}, cut=True)
        for side in ("chosen", "rejected")
    }


def _write(folder: Path, pairs) -> None:
    """Write texts and tokens of all pairs, one line each."""
    with (folder / "pairs.jsonl").open("w", encoding="utf-8") as texts:
        for pair in pairs:
            line = {"prompt": pair["chosen"]["asked"]}
            line |= {side: pair[side]["answered"] for side in ("chosen", "rejected")}
            texts.write(json.dumps(line, ensure_ascii=False) + "\n")
    with (folder / "tokens.jsonl").open("w", encoding="utf-8") as tokens:
        for pair in pairs:
            line = {"prompt_ids": pair["chosen"]["prompt"]}
            line |= {f"{side}_ids": pair[side]["answer"] for side in ("chosen", "rejected")}
            tokens.write(json.dumps(line) + "\n")


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
    for flag in ("--model", "--template", "--train", "--prepared", "--pairs"):
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
