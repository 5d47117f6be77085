"""Scores of an answer to a tool-call task; lm-eval loads this file beside the task's YAML.

Runs in the Python of lm-eval, so it imports nothing that does not lie in the
task's own folder. What counts as a call is read by the very parser that judges
attempts: its file is copied to `harness_forge/` here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

if (_HERE := Path(__file__).parent).joinpath("harness_forge").is_dir():
    sys.path.insert(0, str(_HERE))

from harness_forge.policies.parsing import BAD_ARGUMENTS, parse_message

CUT_OFF = "\x18"
"""CANCEL: how forge's model for lm-eval ends an answer that did not end its turn."""

_BRACES = re.compile(r"([^\s{}]*)\{([^\s{}]*,[^\s{}]*)\}([^\s{}]*)")
_ESCAPES = re.compile(r"\\[nt]")
_PATIENCE_S = 10


def doc_to_text(doc) -> str:
    """Return the prompt as the model's own chat template renders it, tools included.

    lm-eval's --apply_chat_template knows no tools, so it stays off and this is
    the raw text. FORGE_MODEL names the model's folder, FORGE_CONTEXT how many
    tokens prompt and answer may have together.

    Raises:
        ValueError: the template renders no tools, or the prompt leaves too
            little room for an answer: lm-eval would cut it without an error.
    """
    tokenizer, tools = _tokenizer(os.environ["FORGE_MODEL"]), json.loads(doc["tools"])
    text = tokenizer.apply_chat_template(
        json.loads(doc["messages"]), tools=tools, tokenize=False, add_generation_prompt=True
    )
    for tool in tools:
        if any(name not in text for name in tool["function"]["parameters"]["properties"]):
            raise ValueError("the model's chat template renders no tools")
    room = int(os.environ["FORGE_CONTEXT"]) - doc["max_tokens"]
    if len(tokenizer(text, add_special_tokens=False)["input_ids"]) > room:
        raise ValueError(f"the prompt of {doc['item_id']} has more than {room} tokens")
    return text


@cache
def _tokenizer(folder):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def process_results(doc, results) -> dict[str, float]:
    """Return the scores of one answer, each 0 or 1.

    valid_call: exactly one valid call of an offered tool, nothing after it.
    right_tool: exactly one call, of the tool asked for, nothing after it;
        whether its arguments fit is not asked.
    script_parses: the script of a valid call is not empty, and bash can read
        it; nothing is run.
    names_target: the script of a valid call names a target of its rule; left
        out where the rule has none.
    """
    text, tools = results[0], json.loads(doc["tools"])
    reason = "length" if text.endswith(CUT_OFF) else "stop"
    message = {"role": "assistant", "content": text.removesuffix(CUT_OFF)}
    call, _ = parse_message(message, reason, tools)
    wanted = [tool for tool in tools if tool["function"]["name"] == doc["tool"]]
    script = call.arguments.get(doc["argument"], "") if call else ""
    scores = {
        "valid_call": call is not None,
        "right_tool": parse_message(message, reason, wanted)[1] in (None, BAD_ARGUMENTS),
        "script_parses": bool(script.strip()) and bash_reads(script),
    }
    if doc["targets"]:
        scores["names_target"] = any(names(script, target) for target in doc["targets"])
    return {name: float(scores[name]) for name in doc["metrics"] if name in scores}


def bash_reads(script: str) -> bool:
    """Return whether bash finds the script's grammar right, without running any of it."""
    # BASH_ENV would be run first, so nothing of the environment is passed on.
    done = subprocess.run(
        ["bash", "-n"],
        input=script.encode("utf-8", "surrogatepass"),
        capture_output=True,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        timeout=_PATIENCE_S,
        check=False,
    )
    return done.returncode == 0


def names(script: str, target: str) -> bool:
    """Return whether a script names a target as a whole word, braces expanded.

    `/etc/x/` is named by any path below it, `/etc/x` not by /etc/x/y or
    /etc/x-, `lock` not by lock-delay.
    """
    text = _ESCAPES.sub(" ", _BRACES.sub(_expanded, script))
    if target.endswith("/"):
        end = ""
    elif target.startswith("/"):
        end = r"(?![\w-]|\.\w|/[\w.])"
    else:
        end = r"(?![\w-])"
    begin = r"(?<![\w.])" if target.startswith("/") else r"(?<![\w-])"
    return re.search(begin + re.escape(target) + end, text) is not None


def _expanded(match: re.Match[str]) -> str:
    head, inner, tail = match.groups()
    return " ".join(f"{head}{word}{tail}" for word in inner.split(","))
