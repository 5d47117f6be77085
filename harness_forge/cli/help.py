"""The help texts of `forge` and of each verb, made from the code they describe."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

from harness_forge.cli.verbs import VERBS

_OPTIONS = """\
  --cfg [SECTION]  print the composed config, or a section of it, and do nothing
  --json           the result as one JSON value on stdout, and nothing else there
  --quiet          the result and errors alone
  -m, --multirun   once for each combination of comma-separated values
  --debug          show tracebacks
  -h, --help       this text; after a verb, what the verb does"""


def overview() -> str:
    """Return what `forge --help` prints."""
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in VERBS.items())
    return (
        "usage: forge <verb> [recipe=NAME] [group=choice …] [key=value …]\n\n"
        f"{verbs}\n\nfor every verb:\n{_OPTIONS}\n\n"
        "Recipes lie in recipes/, the choices of each group in conf/."
    )


def verb(name: str) -> str:
    """Return what `forge NAME --help` prints."""
    module = import_module(f"harness_forge.cli.{name}")
    parts = [f"usage: forge {name} {usage(module)}".rstrip(), sentence(module.SUMMARY)]
    if shape := getattr(module, "JSON", ""):
        parts.append(f"--json prints {shape}")
    if examples := getattr(module, "EXAMPLES", ()):
        parts.append("\n".join(["examples:", *(f"  {line}" for line in examples)]))
    parts += [_section(key) for key in getattr(module, "KEYS", ())]
    return "\n\n".join([*parts, f"for every verb:\n{_OPTIONS}"])


def sentence(text: str) -> str:
    """Return a text with a capital at its start and a full stop at its end."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def usage(module) -> str:
    """Return what follows a verb's name on the command line."""
    return getattr(module, "USAGE", "[key=value …]")


def _section(key: str) -> str:
    rows = described(key)
    width = max(len(name) for name, _ in rows)
    return "\n".join([f"{key}:", *(f"  {name:<{width}}  {text}" for name, text in rows)])


def described(section: str) -> list[tuple[str, str]]:
    """Return each key of a section and what it means, from its dataclass's docstring."""
    from harness_forge.config.compose.shapes import fields_of
    from harness_forge.config.schema import ForgeConfig

    kind = fields_of(ForgeConfig)[section]
    message = arguments(ForgeConfig)[section]
    if not hasattr(kind, "__dataclass_fields__"):
        return [(section, message)]
    texts = arguments(kind)
    return [(f"{section}.{name}", texts.get(name, "")) for name in fields_of(kind)]


def arguments(kind: type) -> dict[str, str]:
    """Return what the docstring of a dataclass says of each field."""
    _, _, block = inspect.cleandoc(kind.__doc__ or "").partition("Args:\n")
    texts: dict[str, str] = {}
    name = ""
    for line in inspect.cleandoc(block).splitlines():
        if head := re.match(r"(\w+): (.*)", line):
            name = head[1]
            texts[name] = head[2]
        elif name and line.startswith(" "):
            texts[name] += f" {line.strip()}"
        else:
            name = ""
    return texts
