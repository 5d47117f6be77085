"""`forge completion`: the script that lets a shell complete forge's command line."""

from __future__ import annotations

from pathlib import Path

from harness_forge.core.errors import ConfigError

SUMMARY = "print the script that completes forge in bash, zsh or fish"
USAGE = "bash|zsh|fish"
EXAMPLES = ("forge completion bash", "forge completion zsh", "forge completion fish")
KEYS = ()
JSON = "nothing: a script is no JSON"

SHELLS = ("bash", "zsh", "fish")
SUGGEST = "suggest"
"""What the scripts call with the line so far: a word and its meaning a line, a tab between."""


def main(argv: list[str]) -> int:
    """Print a script, or what may come next in a command line."""
    from harness_forge.cli.results import for_people, show
    from harness_forge.cli.words import one_of

    if argv[:1] == [SUGGEST]:
        return _suggest(argv[-1])
    for_people("forge completion")
    if not argv:
        raise ConfigError("command line", "which shell?", f"forge completion {USAGE}")
    shell = one_of(argv[0], SHELLS, "shell")
    if argv[1:]:
        raise ConfigError(
            "command line", f"{argv[1]!r} says nothing here", f"forge completion {USAGE}"
        )
    path = Path(__file__).parent / "completions" / f"forge.{shell}"
    show(path.read_text(encoding="utf-8").removesuffix("\n"))
    return 0


def _suggest(line: str) -> int:
    from harness_forge.cli.suggestions import suggestions

    try:
        for word, meaning in suggestions(line):
            print(f"{word}\t{' '.join(meaning.split())}")
    except Exception:  # a shell would print it into the line that is being typed
        return 1
    return 0
