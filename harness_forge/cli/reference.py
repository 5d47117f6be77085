"""Writes docs/reference from the code it describes: `python -m harness_forge.cli.reference`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from harness_forge.cli import BROKEN_PIPE
from harness_forge.cli.audit import FAILED
from harness_forge.cli.health import ALERTS
from harness_forge.cli.help import arguments, overview, sentence, usage
from harness_forge.cli.verbs import VERBS
from harness_forge.config.compose.project import choices
from harness_forge.config.compose.shapes import fields_of, flatten
from harness_forge.config.schema import GROUPS, ForgeConfig
from harness_forge.core.errors import ForgeError
from harness_forge.promotion.rules.decision import DecisionOutcome

_HEAD = "<!-- Written by `python -m harness_forge.cli.reference`; do not edit. -->\n"


def pages() -> dict[str, str]:
    """Return every page of docs/reference by file name."""
    return {"cli.md": _cli(), "config.md": _config()}


def _cli() -> str:
    parts = [f"{_HEAD}# The command `forge`\n", f"```\n{overview()}\n```\n"]
    for name in VERBS:
        module = import_module(f"harness_forge.cli.{name}")
        parts.append(f"## forge {name}\n\n{sentence(module.SUMMARY)}\n")
        examples = "\n".join(getattr(module, "EXAMPLES", ()))
        parts.append(
            f"```\nusage: forge {name} {usage(module)}".rstrip() + f"\n\n{examples}\n```\n"
        )
        parts.append(f"`--json` prints {module.JSON}.\n")
        if keys := getattr(module, "KEYS", ()):
            links = ", ".join(f"[{key}](config.md#{_anchor(key)})" for key in keys)
            parts.append(f"Reads {links}.\n")
    parts.append("## Exit codes\n\n| code | when |\n|---|---|\n" + "\n".join(_exit_codes()) + "\n")
    return "\n".join(parts)


def _anchor(key: str) -> str:
    return "top-level" if _kind(fields_of(ForgeConfig)[key]) is None else key


def _exit_codes() -> Iterator[str]:
    kinds = [kind for kind in ForgeError.__subclasses__() if kind.exit_code != ForgeError.exit_code]
    said = {kind.exit_code: (kind.__doc__ or "").splitlines()[0].rstrip(".") for kind in kinds}
    said |= {0: "Done", 1: "A fault of forge or of the system; `--debug` shows where"}
    said |= {BROKEN_PIPE: "The reader of the output has left"}
    results = {
        one.exit_code: f"`forge promote`: {one.value}" for one in DecisionOutcome if one.exit_code
    }
    results[FAILED] = "`forge audit`: a check of the dataset fails"
    results[ALERTS] = "`forge health`, `forge doctor`: an alert stands, a check fails"
    both = dict(said)
    for code, text in results.items():
        other = f"; other verbs: {said[code]}" if code in said else ""
        both[code] = f"{text} (a result, no fault){other}"
    for code, text in sorted(both.items()):
        yield f"| {code} | {text} |"


def _config() -> str:
    parts = [
        f"{_HEAD}# Every key of a recipe\n",
        "Set any of them on the command line (`key=value`) or in a recipe. `???` must be set.\n",
        "## Groups\n\n| group | choices |\n|---|---|",
    ]
    parts += [f"| {group} | {', '.join(choices(group))} |" for group in GROUPS]
    parts.append("\n## Top level\n\n| key | default | meaning |\n|---|---|---|")
    hints = fields_of(ForgeConfig)
    sections = [name for name in hints if _kind(hints[name]) is not None]
    default, texts = flatten(ForgeConfig()), arguments(ForgeConfig)
    parts += [
        f"| {name} | {_shown(default[name])} | {texts[name]} |"
        for name in hints
        if name not in sections
    ]
    for name in sections:
        inner, prefix = _kind(hints[name])
        parts.append(f"\n## {name}\n\n{sentence(texts[name])}\n")
        parts.append("| key | default | meaning |\n|---|---|---|")
        parts += _rows(inner, f"{name}.{prefix}")
    return "\n".join(parts) + "\n"


def _kind(hint: Any) -> tuple[type, str] | None:
    """Return the dataclass behind a section, and the part of the key that names one of many."""
    if dataclasses.is_dataclass(hint):
        return hint, ""
    inner = getattr(hint, "__args__", (None,))[-1]
    return (inner, "NAME.") if dataclasses.is_dataclass(inner) else None


def _rows(kind: type, prefix: str) -> Iterator[str]:
    default, texts, hints = flatten(kind()), arguments(kind), fields_of(kind)
    for name in hints:
        if (nested := _kind(hints[name])) is not None:
            yield from _rows(nested[0], f"{prefix}{name}.{nested[1]}")
        else:
            yield f"| {prefix}{name} | {_shown(default[name])} | {texts.get(name, '')} |"


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"`{value}`" if value not in ("", [], {}) else ""


def write(folder: Path) -> None:
    """Write the pages into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path("docs/reference"))
