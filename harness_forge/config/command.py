"""Settings of the `command` environment: items, a prompt, and the commands that judge an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from harness_forge.config.limits import between, limited


@dataclass(frozen=True)
class CommandLimits:
    """Limits of one command and everything it starts, in total.

    Args:
        wall_s, cpu_s: seconds; the CPU time is summed over all processes.
        memory_mb: resident memory, summed over all processes.
        processes: how many at once.
        disk_mb: everything an item's files and its commands write.
        output_mb: what a command may print.
    """

    wall_s: float = limited(20.0, between(0.1, 3600))
    cpu_s: float = limited(15.0, between(0.1, 3600))
    memory_mb: int = limited(512, between(16))
    processes: int = limited(64, between(1))
    disk_mb: int = limited(64, between(1, 200))
    output_mb: int = limited(1, between(1, 64))


@dataclass(frozen=True)
class MutationConfig:
    """One way to break an answer on purpose.

    Args:
        arguments: the tool call's arguments, as templates over the item; {} takes gold's.
        find: regular expression looked for in every text of the arguments.
        replace: what takes the place of its first match; a place without one is left.
        why: the mistake in one sentence.
    """

    arguments: dict[str, str] = field(default_factory=dict)
    find: str = ""
    replace: str = ""
    why: str = ""


@dataclass(frozen=True)
class CommandConfig:
    """Items to attempt, and the commands that judge an attempt, all run in the sandbox.

    Templates take an item's fields in braces, as in `{title}` or `{case.input}`;
    `{{` and `}}` are braces. Commands are bash, started in `/work`; their texts are
    no templates.

    Args:
        items: a file of items, `.jsonl` (an object a line) or `.csv` (its first line names the
            fields).
        items_command: a command that prints such lines of JSON, run as you and not in the
            sandbox; `{python}` is the Python that runs forge, and the name of one of `worksets`
            in braces is the folder of its package.
        id: template of an item's id.
        title: template of its title; '' is the id.
        family: template of the family's name, or of what `families` is asked about; '' is
            the id.
        families: regular expression at its start -> family; the first that matches
            wins, and 'other' takes the rest. {} takes the name as it is.
        cluster: template of what near-identical items have in common; '' compares
            the form of their gold answers.
        system: template of the system message; '' says to answer with a call of the tool.
        prompt: template of the question.
        tool: the only tool, as name, description and parameters (JSON schema); {} is
            `submit`, with the text `answer`.
        folder: template of a folder whose files an item has in `/work`.
        files: template of a path below `/work` -> template of its text; laid over the folder's.
        answer: template of a path below `/work` -> template of its text, of the
            call's arguments and the item's fields: where the answer is written.
        may_change: patterns of paths below `/work` that an attempt may change besides
            the answer's. Another change is a failure, guard_broken.
        setup: prepares the files, before the answer is written.
        apply: runs the answer, where it is to be run before it is judged.
        judge: says whether the item passes: by exit code 0, or by a last line such as
            {"value": 0.5, "passed": false, "confidence": 1, "reason": "two of four"}.
        guard: exits 0 if nothing was broken that must stay whole.
        gold: argument -> template of an answer known to pass; {} where none is known. An
            argument that is no text in the tool's schema is written as JSON.
        mutations: ways to break it, by name.
        limits: of each command.
        python_packages: installed Python packages that commands import, such as pytest,
            with all they need.
        python: the Python that has them; '' is the one that runs forge.
        mounts: name -> folder of this machine; commands see a copy as /usr/local/mounts/NAME.
        worksets: installed workset -> a package in it, mounted likewise by the workset's name.
    """

    items: str = ""
    items_command: str = ""
    id: str = "{id}"
    title: str = ""
    family: str = ""
    families: dict[str, str] = field(default_factory=dict)
    cluster: str = ""
    system: str = ""
    prompt: str = "{prompt}"
    tool: dict[str, Any] = field(default_factory=dict)
    folder: str = ""
    files: dict[str, str] = field(default_factory=dict)
    answer: dict[str, str] = field(default_factory=dict)
    may_change: list[str] = field(default_factory=list)
    setup: str = ""
    apply: str = ""
    judge: str = ""
    guard: str = ""
    gold: dict[str, str] = field(default_factory=dict)
    mutations: dict[str, MutationConfig] = field(default_factory=dict)
    limits: CommandLimits = field(default_factory=CommandLimits)
    python_packages: list[str] = field(default_factory=list)
    python: str = ""
    mounts: dict[str, str] = field(default_factory=dict)
    worksets: dict[str, str] = field(default_factory=dict)
