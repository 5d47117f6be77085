"""The command `forge`: finds the verb, runs it, tells its faults.

Only the verb's own module is imported, and modules of verbs import what they
need inside their functions: `forge --help` must answer at once.

A verb is a module of this folder with

    SUMMARY    one line, the same as in `VERBS`
    USAGE      what follows `forge <verb>`, such as '[key=value …]'
    EXAMPLES   command lines to copy
    KEYS       sections of the config that it reads
    main(argv) does it; returns the exit code
    JSON       what `--json` prints, in words
    SHORT      optional: short keys and their meaning

`--cfg`, `-m`, `--json`, `--quiet`, `--debug` and `--help` are taken out here and work for
every verb.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from harness_forge.cli.results import JSON, QUIET, divided
from harness_forge.cli.verbs import VERBS
from harness_forge.core.errors import ConfigError, ForgeError
from harness_forge.core.hints import did_you_mean

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig


INTERRUPTED = 130
_ELSEWHERE = "work in a folder that you may write in, or set forge_home=DIR data_dir=DIR"
_REMEDIES = {
    errno.EACCES: f"another user owns it, or it may not be written: {_ELSEWHERE}",
    errno.EROFS: _ELSEWHERE,
    errno.ENOSPC: "free some disk; the same command goes on from here",
    errno.ENOENT: "see that its folder is there, and that its name is right",
    errno.ENOTDIR: "a part of this path is a file, where a folder is asked for",
}
"""What to do where the system refuses, by its number of the error."""
BROKEN_PIPE = 141
DEBUG = "--debug"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    from harness_forge.cli.terminal import escaped

    # Nobody else may write what forge makes, whatever the shell allows.
    os.umask(os.umask(0o077) | 0o022)
    with escaped():
        return _main(argv)


def _main(argv: Sequence[str] | None) -> int:
    arguments, flags = _taken(list(sys.argv[1:] if argv is None else argv))
    debug = DEBUG in flags
    try:
        with _terminable():
            code = _dispatch(arguments, flags - {DEBUG})
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader has left; what Python flushes at exit must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        if debug:
            raise
        print("forge: stopped", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if debug:
            raise
        return _tell(error)


def _taken(words: list[str]) -> tuple[list[str], set[str]]:
    """Return the words without the flags of every verb, and those flags.

    What follows `--` is for a program that the verb starts.
    """
    end = words.index("--") if "--" in words else len(words)
    flags = {word for word in words[:end] if word in (DEBUG, JSON, QUIET)}
    return [word for word in words[:end] if word not in flags] + words[end:], flags


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end forge as Ctrl-C does, and with it what it started.

    A server, a training and a model run in children: they must not go on alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ends = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.default_int_handler) for number in ends}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def composed(argv: Sequence[str]) -> ForgeConfig:
    """Return the config of a verb that takes overrides and nothing else.

    Without `recipe=` it is the recipe and the overrides of the folder's params.yaml, so that a
    verb means what `dvc repro` made there.
    """
    from harness_forge.cli.params import in_project
    from harness_forge.config.compose.engine import compose

    return compose(None, in_project(argv))


def _dispatch(arguments: list[str], flags: set[str]) -> int:
    from harness_forge.cli import help

    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(help.overview())
        return 0 if arguments else 2
    verb, *rest = arguments
    if verb == "--version":
        from harness_forge.core.version import __version__

        print(__version__)
        return 0
    if verb not in VERBS:
        raise _unknown(verb, rest)
    # What follows `--` is for a program that the verb starts.
    own = rest[: rest.index("--")] if "--" in rest else rest
    if "-h" in own or "--help" in own:
        print(help.verb(verb))
        return 0
    return _run(verb, rest, flags)


def _unknown(verb: str, rest: list[str]) -> ConfigError:
    if "=" in verb and (later := next((word for word in rest if word in VERBS), "")):
        hint = f"forge {later} {verb}"
        return ConfigError("command line", f"{verb!r} stands before the verb", hint)
    meant = did_you_mean(verb, VERBS)
    return ConfigError("", f"there is no verb '{verb}'", f"{meant}verbs: {', '.join(VERBS)}")


def _run(verb: str, rest: list[str], flags: set[str]) -> int:
    end = rest.index("--") if "--" in rest else len(rest)
    module = import_module(f"harness_forge.cli.{verb}")
    section, own = _take_cfg(_in_full(module, rest[:end]))
    jobs = [[*job, *rest[end:]] for job in _sweep(own)]
    with divided(flags, len(jobs)):
        codes = []
        for number, job in enumerate(jobs, start=1):
            if len(jobs) > 1:
                print(f"[{number}/{len(jobs)}] forge {verb} {' '.join(job)}", file=sys.stderr)
            codes.append(module.main(job) if section is None else _report_config(section, job))
        return max(codes, default=0)


def _in_full(module, words: list[str]) -> list[str]:
    """Return the words with a verb's short keys (its `SHORT`, if it has any) written in full."""
    short = getattr(module, "SHORT", {})
    pairs = [word.partition("=") for word in words]
    return [
        "".join((short.get(key, key) if equals else key, equals, rest))
        for key, equals, rest in pairs
    ]


def _take_cfg(rest: list[str]) -> tuple[str | None, list[str]]:
    """Return the section that `--cfg [SECTION]` asks for ('' is all of it), and the rest."""
    for place, word in enumerate(rest):
        if word.startswith("--cfg="):
            return word.removeprefix("--cfg="), rest[:place] + rest[place + 1 :]
        if word == "--cfg":
            following = rest[place + 1] if len(rest) > place + 1 else ""
            named = bool(following) and "=" not in following and not following.startswith("-")
            after = rest[place + 1 + named :]
            return following if named else "", rest[:place] + after
    return None, rest


def _sweep(rest: list[str]) -> list[list[str]]:
    flags = ("-m", "--multirun")
    if not any(flag in rest for flag in flags):
        return [rest]
    from harness_forge.config.compose.overrides import expand

    return expand([word for word in rest if word not in flags])


def _report_config(section: str, job: list[str]) -> int:
    from harness_forge.cli.results import report
    from harness_forge.config.compose.resolved import resolved_yaml, section_of

    # Words such as `status` belong to the verb, not to the config.
    overrides = [word for word in job if "=" in word and not word.startswith("-")]
    config = composed(overrides)
    report(section_of(config, section), resolved_yaml(config, section).removesuffix("\n"))
    return 0


def _tell(error: Exception) -> int:
    from harness_forge.cli.terminal import painted

    name, hint = painted("forge:", "fault"), painted("hint:", "hint")
    if isinstance(error, ForgeError):
        text = str(error).replace("\n  hint: ", f"\n  {hint} ")
        print(f"{name} {text}", file=sys.stderr)
        return error.exit_code
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        print(f"{name} {where}{error.strerror}", file=sys.stderr)
        if remedy := _REMEDIES.get(error.errno or 0):
            print(f"  {hint} {remedy}", file=sys.stderr)
        return 1
    print(f"{name} {type(error).__name__}: {error}", file=sys.stderr)
    print(f"  {hint} this is a fault of forge; --debug shows where", file=sys.stderr)
    return 1
