"""Child process of the audit: tokenises rows as serving does, and reads Axolotl's tokens.

Runs in the workset's Python, so it imports nothing of harness_forge. It prints one JSON line:
{"rows": …, "prepared": …, "eos": …} or {"fault": …}. A row is its tokens in pieces, each
[learned, ids]: context, then an answer, and so on, rendered by serving's own library. A
prepared row is {"ids", "labels"}, as Axolotl will load it.

With --pairs the rows are those of a second stage: {"chosen": row, "rejected": row} of a preference
pair, {"completion": row} of an answer with a label, {"asked": row} of a prompt alone, whose answer
is empty. There a row is {"prompt": ids, "answer": ids,
"asked", "answered": texts} and each answer ends after its end-of-turn token. Their texts are also
written to FOLDER/pairs.jsonl, which Axolotl reads, and their tokens to FOLDER/tokens.jsonl, with
which the trainer compares its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
OUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a library prints goes to stderr, not into our line


SIDES = ("chosen", "rejected", "completion")
"""Keys of the answers in rows of a second stage."""


def tokenize_rows(args) -> dict:
    """Return both views."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    tokenizer.chat_template = Path(args.template).read_text(encoding="utf-8")
    with open(args.train, encoding="utf-8") as file:  # noqa: PTH123 - a stream of lines
        lines = [json.loads(line) for line in file]
    answer = {"eos": tokenizer.eos_token_id, "eos_token": tokenizer.eos_token}
    if args.pairs:
        pairs = _each(lines, lambda line: _answers(tokenizer, line))
        _demand_embeddings(tokenizer, Path(args.model), pairs)
        _write(Path(args.pairs), pairs, lines)
        return answer | {"rows": pairs}
    answer["rows"] = _each(lines, lambda line: _conversation(tokenizer, line))
    _demand_embeddings(tokenizer, Path(args.model), answer["rows"])
    if args.prepared:
        answer["prepared"] = _prepared(Path(args.prepared))
        answer["shown"] = _shown(tokenizer, answer["prepared"])
    return answer


def _each(lines, look_at) -> list:
    """Apply `look_at` to every line; name the line at fault."""
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(look_at(line))
        except Exception as error:
            raise ValueError(f"line {number}: {error or type(error).__name__}") from error
    return found


def _demand_embeddings(tokenizer, model, rows) -> None:
    """Refuse tokens that a tokenizer has and its model has not: serving could not embed them."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    known = (config.get("text_config") or config).get("vocab_size")
    if not isinstance(known, int):
        return
    pads = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    if pads is not None and pads >= known:
        raise ValueError(_beyond(tokenizer, pads, known) + ", and rows are padded with it")
    for number, row in enumerate(rows, start=1):
        most = max(_ids(row), default=0)
        if most >= known:
            raise ValueError(f"line {number}: {_beyond(tokenizer, most, known)}")


def _beyond(tokenizer, token, known) -> str:
    name = tokenizer.convert_ids_to_tokens(token)
    return f"the tokenizer has token {token} ({name}), and the model has embeddings of {known}"


def _ids(row) -> list[int]:
    """Return all tokens of a conversation, or of the sides of a pair."""
    if "pieces" in row:
        return [token for _, ids in row["pieces"] for token in ids]
    return [token for side in row.values() for token in (*side["prompt"], *side["answer"])]


def _conversation(tokenizer, row) -> dict:
    """Return the tokens of a conversation in parts; answers with weight 0 are context."""
    messages, render = row["messages"], _renderer(tokenizer, row)
    whole = render(messages)
    texts, at = [], 0
    for place, message in enumerate(messages):
        if message["role"] != "assistant" or message.get("weight") == 0:
            continue
        asked = render(messages[:place], add_generation_prompt=True)
        answer = _cut(tokenizer, _after(asked, render(messages[: place + 1])))
        _demand_thought(message, answer)
        if not whole.startswith(asked + answer):
            raise ValueError(
                f"the chat template renders answer {place + 1} otherwise when messages follow it:"
                " export with format.turns=each"
            )
        texts += [(False, whole[at : len(asked)]), (True, answer)]
        at = len(asked) + len(answer)
    texts.append((False, whole[at:]))
    return _tokens(tokenizer, [(learned, text) for learned, text in texts if text])


def _tokens(tokenizer, texts) -> dict:
    """Return the tokens of each part of one text, which is tokenised as a whole.

    Serving tokenises context and answer separately. If that gives other tokens, as for an
    answer that begins with a line break, a token on the border counts as the answer's, and
    `joined` is true.
    """
    cut = tokenizer([text for _, text in texts], add_special_tokens=False)["input_ids"]
    whole = "".join(text for _, text in texts)
    offsets = {"return_offsets_mapping": True} if tokenizer.is_fast else {}
    found = tokenizer(whole, add_special_tokens=False, **offsets)
    if not offsets or [token for ids in cut for token in ids] == found["input_ids"]:
        pieces = [[learned, ids] for (learned, _), ids in zip(texts, cut, strict=True)]
        return {"pieces": pieces, "joined": False}
    pieces = [[learned, []] for learned, _ in texts]
    at, end = 0, len(texts[0][1])
    for token, (_, to) in zip(found["input_ids"], found["offset_mapping"], strict=True):
        while to > end:
            at += 1
            end += len(texts[at][1])
        pieces[at][1].append(token)
    return {"pieces": pieces, "joined": True}


def _renderer(tokenizer, row):
    """Return a function that renders messages with the tools of a row."""
    tools = json.loads(row["tools"]) if isinstance(row.get("tools"), str) else row.get("tools")

    def render(messages, **more) -> str:
        messages = [_with_objects(message) for message in messages]
        return tokenizer.apply_chat_template(messages, tools=tools or None, tokenize=False, **more)

    shown = render(row["messages"]) if tools else ""
    for tool in tools or ():
        named = (tool["function"].get("parameters") or {}).get("properties") or {}
        if any(name not in shown for name in (tool["function"]["name"], *named)):
            raise ValueError("the model's chat template renders no tools")
    return render


def _with_objects(message) -> dict:
    """Return a message whose calls have arguments as objects, as Axolotl and vLLM render them."""
    calls = []
    for call in message.get("tool_calls") or ():
        function = dict(call["function"])
        if isinstance(function.get("arguments"), str):
            function["arguments"] = json.loads(function["arguments"])
        calls.append({**call, "function": function})
    return {**message, "tool_calls": calls} if calls else message


def _after(asked, whole) -> str:
    if not whole.startswith(asked):
        raise ValueError("the chat template renders a prompt otherwise when an answer follows")
    return whole[len(asked) :]


def _demand_thought(message, answer) -> None:
    if (message.get("reasoning_content") or "") not in answer:
        raise ValueError(
            "the model's chat template renders no reasoning: export with export.reasoning=leave_out"
        )


def _cut(tokenizer, answer) -> str:
    """Return an answer up to the end of its turn."""
    if tokenizer.eos_token not in answer:
        return answer
    return answer[: answer.rindex(tokenizer.eos_token) + len(tokenizer.eos_token)]


def _row(tokenizer, row) -> dict:
    messages, render = row["messages"], _renderer(tokenizer, row)
    prompt = render(messages[:-1], add_generation_prompt=True)
    # A missing key and a key without a value may differ for a template.
    answer = _cut(tokenizer, _after(prompt, render(messages)))
    _demand_thought(messages[-1], answer)
    return {
        "prompt": tokenizer(prompt, add_special_tokens=False)["input_ids"],
        "answer": tokenizer(answer, add_special_tokens=False)["input_ids"],
        "asked": prompt,
        "answered": answer,
    }


def _answers(tokenizer, row) -> dict:
    """Return each answer of a row, with its prompt."""
    sides = [side for side in SIDES if side in row]
    if not sides:
        return {"asked": _asked(tokenizer, row)}
    return {side: _row(tokenizer, {**row, "messages": row["prompt"] + row[side]}) for side in sides}


def _asked(tokenizer, row) -> dict:
    prompt = _renderer(tokenizer, {**row, "messages": row["prompt"]})(
        row["prompt"], add_generation_prompt=True
    )
    ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    return {"prompt": ids, "answer": [], "asked": prompt, "answered": ""}


def _write(folder: Path, answered, rows) -> None:
    """Write texts and tokens of all rows, one line each."""
    with (
        (folder / "pairs.jsonl").open("w", encoding="utf-8") as texts,
        (folder / "tokens.jsonl").open("w", encoding="utf-8") as tokens,
    ):
        for sides, row in zip(answered, rows, strict=True):
            first = next(iter(sides.values()))
            line = {"prompt": first["asked"]}
            line |= {side: one["answered"] for side, one in sides.items() if side in SIDES}
            line |= {key: row[key] for key in ("label", "reference") if key in row}
            texts.write(json.dumps(line, ensure_ascii=False) + "\n")
            line = {"prompt_ids": first["prompt"]}
            line |= {f"{side}_ids": one["answer"] for side, one in sides.items() if side in SIDES}
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
    """Run the child process: print the result in one line."""
    parser = argparse.ArgumentParser()
    for flag in ("--model", "--template", "--train", "--prepared", "--pairs"):
        parser.add_argument(flag)
    try:
        answer = tokenize_rows(parser.parse_args())
    except Exception as error:  # one line for the user, whatever went wrong
        first = (str(error).splitlines() or [""])[0]
        answer = {"fault": first[:300] or type(error).__name__}
    OUT.write(json.dumps(answer) + "\n")
    OUT.flush()
    sys.exit(0)


if __name__ == "__main__":
    main()
