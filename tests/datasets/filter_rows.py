"""Candidates for the tests of filters."""

from __future__ import annotations

import orjson

from harness_forge.datasets.filters.candidate import Candidate

TOOL = {
    "type": "function",
    "function": {
        "name": "apply_fix",
        "parameters": {
            "type": "object",
            "properties": {"fix_script": {"type": "string", "minLength": 1}},
            "required": ["fix_script"],
        },
    },
}


def said(text, *, asked="What is it?", **others) -> Candidate:
    """A candidate whose answer is text."""
    prompt = [{"role": "user", "content": asked}]
    return Candidate(prompt, [], {"role": "assistant", "content": text}, **others)


def called(arguments, *, name="apply_fix", tools=(TOOL,), **others) -> Candidate:
    """A candidate whose answer is one call; arguments that are no text are dumped."""
    if not isinstance(arguments, str):
        arguments = orjson.dumps(arguments).decode()
    call = {"type": "function", "function": {"name": name, "arguments": arguments}}
    answer = {"role": "assistant", "content": "", "tool_calls": [call]}
    return Candidate([{"role": "user", "content": "fix it"}], list(tools), answer, **others)
