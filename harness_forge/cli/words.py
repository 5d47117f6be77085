"""Sorts a verb's command line into its own words, its flags and the overrides."""

from __future__ import annotations

from collections.abc import Sequence

from harness_forge.cli.results import JSON, QUIET
from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import did_you_mean

SHARED_FLAGS = {
    JSON: "the result as one JSON value",
    QUIET: "the result and errors alone",
    "--cfg": "print the composed config, and do nothing",
    "--multirun": "once for each combination of values",
    "--debug": "show tracebacks",
    "--help": "what it does",
}
"""Flags that every verb takes, and what each means."""


def sort(argv: Sequence[str], flags: Sequence[str] = ()) -> tuple[list[str], set[str], list[str]]:
    """Return words, flags and overrides, each in the order given.

    Raises:
        ConfigError: a flag that the verb does not know.
    """
    words: list[str] = []
    found: set[str] = set()
    overrides: list[str] = []
    for word in argv:
        if word.startswith("--"):
            if word not in flags:
                raise unknown_flag(word, flags)
            found.add(word)
        elif "=" in word or word.startswith("~"):
            overrides.append(word)
        else:
            words.append(word)
    return words, found, overrides


def unknown_flag(word: str, flags: Sequence[str]) -> ConfigError:
    """Return the fault of a flag that a verb does not know."""
    known = f"flags: {', '.join(flags)}" if flags else "this verb has no flags of its own"
    meant = did_you_mean(word, [*flags, *SHARED_FLAGS])
    return ConfigError("command line", f"unknown flag '{word}'", meant + known)


def valued(argv: Sequence[str], flag: str) -> tuple[str | None, list[str]]:
    """Return a flag's value, given as `flag=VALUE` or `flag VALUE`, and the other words.

    Raises:
        ConfigError: the flag has no value.
    """
    value, rest = None, []
    words = iter(argv)
    for word in words:
        if word == flag or word.startswith(f"{flag}="):
            # `flag=` of an empty shell variable says nothing: the next word is not its value.
            value = (next(words, "") if word == flag else word.partition("=")[2]).strip()
            if not value or value.startswith("--"):
                raise ConfigError("command line", f"{flag} says nothing", f"write: {flag} VALUE")
        else:
            rest.append(word)
    return value, rest


def one_of(word: str, known: Sequence[str], what: str) -> str:
    """Return `word`.

    Raises:
        ConfigError: it is not in `known`; names the nearest.
    """
    if word in known:
        return word
    meant = did_you_mean(word, known)
    fault = f"there is no {what} '{word}'" if word else f"which {what}?"
    raise ConfigError("command line", fault, f"{meant}{', '.join(known)}")
