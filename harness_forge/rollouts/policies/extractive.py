"""The extractive baseline: answers with what the prompt itself quotes.

A prompt that shows an item's description often names the command to run or the line to
write. A model must beat this copy to show that it does more than find that place. It reads
what the model reads, and nothing else: no training row, and no knowledge of any skill but
how a line gets into a file from a shell.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from harness_forge.core.records import Origin, Outcome, ToolCall
from harness_forge.rollouts.environments.command import tool_schema
from harness_forge.rollouts.policies import prompts
from harness_forge.rollouts.policies.proposal import PromptRequest, Proposal
from harness_forge.rollouts.policies.reflection import Reflection
from harness_forge.rollouts.policies.teacher import tool_message

NAME = "extractive"

_CHECK = re.compile(r"^Check:$", re.MULTILINE)
_COMMAND = re.compile(r"^[$#] +(?:sudo +)?(?=[a-z./])")
_PATH = re.compile(r"(?<![\w/.-])/(?:[\w.+@-]+/)*[\w.+@-]*[\w+@-]")
_SUFFIX = re.compile(r"\bsuffix (\.\w+)")
_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_KEY = re.compile(r"^[A-Za-z][\w.-]*(?=\s*[= :])")
_PROSE_WORDS = 6
"""A line that ends like a sentence and has as many words is not quoted, but said."""


class Extractive:
    """One answer for each item, out of its own prompt.

    For a tool that takes a shell script: the commands of the description, and its quoted
    lines appended to the file that it names, in place of lines with the same key. Where
    the description quotes nothing, the lines of the check. For any other tool: the last
    fenced block, or else the last line.

    Args:
        argument: the tool's argument that is the answer.
    """

    name = NAME

    def __init__(self, argument: str) -> None:
        self._argument = argument

    def episode(self, request: PromptRequest) -> Generator[Proposal, Outcome, None]:
        """Yield the quoted answer, once."""
        tool = request.tools[0]["function"]
        asked = str(request.messages[-1].get("content") or "")
        quoted = script if prompts.takes_script(self._argument) else quoted_block
        answer = quoted(asked)
        arguments = _arguments(tool, self._argument, answer)
        yield Proposal(
            origin=Origin.OURS,
            response=tool_message(tool["name"], arguments),
            model=NAME,
            tool_call=ToolCall(tool["name"], arguments),
            finish_reason="tool_calls",
        )

    def reflect(
        self, request: PromptRequest, proposal: Proposal, outcome: Outcome
    ) -> Reflection | None:
        """Return None: a copy learns nothing."""
        return None

    def close(self) -> None:
        """Do nothing: nothing is open."""


def script(asked: str) -> str:
    """Return the shell script that a question quotes; '' if it quotes nothing to do."""
    description, *check = _CHECK.split(asked, maxsplit=1)
    commands, lines = _quoted(description)
    target = _target(description)
    if not commands and not lines:
        # A check prints what should stand there, behind the command that prints it.
        _, lines = _quoted("\n".join(check))
        target = target or _target("\n".join(check))
    # grep prints the file's name before the line.
    lines = [line.removeprefix(f"{target}:") for line in lines] if target else []
    return "\n".join([*commands, *(step for line in lines for step in _put(line, target))])


def quoted_block(asked: str) -> str:
    """Return the last fenced block of a question, or else its last line."""
    blocks = _FENCE.findall(asked)
    return blocks[-1].rstrip("\n") if blocks else (asked.strip().splitlines() or [""])[-1]


def _quoted(text: str) -> tuple[list[str], list[str]]:
    """Return the commands of a text, and the lines that stand under one that ends with `:`."""
    commands: list[str] = []
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if _COMMAND.match(line):
            commands.append(_COMMAND.sub("", line))
        elif line.rstrip().endswith(":"):
            inside = line not in ("Description:", "Check:")
        elif line.endswith((".", "?")) and len(line.split()) >= _PROSE_WORDS:
            inside = False
        elif inside and not _PATH.fullmatch(line) and line not in lines:
            lines.append(line)
    return commands, lines


def _target(text: str) -> str:
    """Return the first file that a text names; of a folder `*.d`, a new file in it."""
    said = "\n".join(line for line in text.splitlines() if not _COMMAND.match(line))
    for path in _PATH.findall(said) or _PATH.findall(text):
        if path.endswith(".d"):
            suffix = _SUFFIX.search(text)
            return f"{path}/99-quoted{suffix.group(1) if suffix else '.conf'}"
        return path
    return ""


def _put(line: str, target: str) -> Sequence[str]:
    """Return the commands that put a line into a file, in place of those with its key."""
    file = shlex.quote(target)
    steps = [f"printf '%s\\n' {shlex.quote(line)} >> {file}"]
    if key := _KEY.match(line):
        pattern = f"/^[[:space:]]*{re.escape(key.group()).replace('/', chr(92) + '/')}\\>/d"
        steps.insert(0, f"sed -i {shlex.quote(pattern)} {file} 2> /dev/null")
    return steps


def _arguments(tool: Mapping[str, Any], argument: str, answer: str) -> dict[str, Any]:
    """Return what the tool demands, each of its type: the quoted text, and else nothing."""
    parameters = tool.get("parameters", {})
    parts, nothing = parameters.get("properties", {}), tool_schema.empty({"parameters": parameters})
    found: dict[str, Any] = {}
    for name in dict.fromkeys([*parameters.get("required", ()), argument]):
        part = parts.get(name, {})
        found[name] = nothing.get(name, "")
        if name == argument and part.get("type", "string") == "string":
            found[name] = answer
        if (choices := part.get("enum")) and found[name] not in choices:
            found[name] = choices[0]
    return found
