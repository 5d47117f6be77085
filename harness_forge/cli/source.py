"""`forge source`: say how unknown records are to be read."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError
from harness_forge.core.escapes import plain

if TYPE_CHECKING:
    from harness_forge.collect.guess.guessed import Guess
    from harness_forge.config.source import SourceConfig
    from harness_forge.core.errors import SourceError

SUMMARY = "say how records of your own are read: guess a source from a file, write its YAML"
USAGE = "new FILE [NAME] [key=value …]"
EXAMPLES = (
    "forge source new runs.jsonl",
    "forge source new runs.jsonl mine source.mapping.item='{question.id}'",
    "forge source new export.json mine source.records=episodes",
)
KEYS = ("source", "forge_home")
JSON = "an object: file, records, source, written, settings, open, left_over, ingested"

_NAME = re.compile(r"[a-z][a-z0-9_]*")


_NO_NAMES = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))
"""Words that YAML takes for something else."""


def main(argv: list[str]) -> int:
    """Guess, write the file, show what it makes of the first records."""
    from harness_forge.cli.words import one_of, sort

    words, _, overrides = sort(argv, [])
    if not words:
        raise ConfigError("command line", "which action?", f"forge source {USAGE}")
    one_of(words[0], ["new"], "action")
    if len(words) not in (2, 3):
        raise ConfigError("command line", "which file?", f"forge source {USAGE}")
    return _new(words[1], words[2] if words[2:] else "", overrides)


def _new(file: str, name: str, overrides: list[str]) -> int:
    from harness_forge.cli.results import gathered, report, show
    from harness_forge.collect.guess.guess import guess
    from harness_forge.config.compose.engine import compose

    path = Path(file)
    if path.is_dir():
        raise ConfigError("command line", f"{file} is a folder", "give one of its files")
    if not path.is_file():
        raise ConfigError("command line", f"no such file: {file}", f"forge source {USAGE}")
    name = name or _named_after(path)
    if not _NAME.fullmatch(name):
        raise ConfigError(
            "command line", f"{name!r} is no name", "small letters, digits and _: mine"
        )
    # A slip in a setting must not leave a file behind.
    given = compose(None, ["source=trajectories", *overrides]).source
    found = guess(path, given, _mapped(given, overrides))
    trial = ["--dry-run", f"source={name}", f"path={file}"]
    if found.source:
        show(f"{path.name}: {found.records} records looked at; source={found.source} reads them")
        name, target = found.source, None
    else:
        target = _write(found, name, path, ["forge", "ingest", *trial, *overrides])
    fits, broken = False, None
    with gathered() as tried:
        if not found.skeleton:
            show("")
            fits, broken = _tried(
                ["--dry-run", f"source={name}", f"source.path={file}", *overrides]
            )
    report(
        {
            "file": file,
            "records": found.records,
            "source": name,
            "written": target,
            "settings": found.settings,
            "open": found.open,
            "left_over": [one.path for one in found.left_over],
            "ingested": tried[0] if tried else None,
        }
    )
    read_by = [f"source={name}", f"path={file}"]
    if fits:
        given = [*read_by, *overrides, f"skill.name={_named_after(path)}"]
        show(f"\nnext: forge ingest {shlex.join(given)}")
    elif not found.skeleton:
        again = f"forge ingest {shlex.join(['--dry-run', *read_by, *overrides])}"
        first = f"answer in {target} what is to be said by you, then " if target else ""
        first = f"mend {file}, then " if broken else first
        show(plain(f"\nnext: nothing of it can be taken in yet: {first}{again}"))
    if found.skeleton:
        show(plain(f"\nnext: fill in {target}, then {shlex.join(['forge', 'ingest', *trial])}"))
    if broken:
        return broken.exit_code
    return 1 if found.skeleton else 0


def _mapped(given: SourceConfig, overrides: list[str]) -> dict[str, Any]:
    """Return the keys of the mapping that the user says, with their values."""
    from harness_forge.config.compose.overrides import set_keys

    keys = [key.lstrip("+").split(".") for word in overrides for key in set_keys(word)]
    named = dict.fromkeys(key[2] for key in keys if key[:2] == ["source", "mapping"] and key[2:])
    return {name: getattr(given.mapping, name) for name in named}


def _tried(given: list[str]) -> tuple[bool, SourceError | None]:
    """Show what the source makes of the file.

    Returns:
        Whether that is anything, and the fault where the file is to be mended: `forge ingest`
        refuses it whatever the mapping says, so its exit code is this verb's too. A mapping
        that lacks answers is none: it was written to be completed.
    """
    from harness_forge.cli import ingest
    from harness_forge.cli.results import show
    from harness_forge.core.errors import BrokenRecords, SourceError

    try:
        return ingest.main(given) == 0, None
    except SourceError as error:
        show(plain(f"not yet: {error}"))
        return False, error if isinstance(error, BrokenRecords) else None


def _write(found: Guess, name: str, path: Path, trial: list[str]) -> Path:
    from harness_forge.cli.results import show
    from harness_forge.config.compose import project

    target = Path("conf") / "source" / f"{name}.yaml"
    if name in project.choices("source"):
        raise ConfigError(
            "command line",
            f"there is a source {name} already: {project.choices('source')[name]}",
            f"forge source new {shlex.quote(str(path))} OTHER_NAME",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(rendered(found, name, path.name, shlex.join(trial)), encoding="utf-8")
    show(f"{path.name}: {found.records} records looked at; wrote {project.shown(target)}\n")
    show(plain(target.read_text(encoding="utf-8").rstrip()))
    if found.open:
        show(plain("\nto be said by you:\n" + "\n".join(f"  {line}" for line in found.open)))
    if found.left_over:
        show("\nleft over, named by nothing:")
        for one in found.left_over[:20]:
            shown = " ".join(str(one.values[0]).split())[:50]
            show(plain(f"  {one.path:<30} in {one.seen_in}, such as {shown}"))
        if len(found.left_over) > 20:
            show(f"  and {len(found.left_over) - 20} more")
    return target


def rendered(found: Guess, name: str, file: str, trial: str) -> str:
    """Return a source's file, with the reason of each line behind it.

    Args:
        trial: the command that tries it.
    """
    file, trial = (plain(text).replace("\n", "\\n") for text in (file, trial))  # a line each
    lines = [
        f"# Guessed from {file} by `forge source new`: read every line before you rely on it."
        if not found.skeleton
        else f"# For {file}, in which `forge source new` found no conversation: fill it in.",
        f"# {trial}",
        f"name: {name}",
    ]
    for key, value in found.settings.items():
        if key != "mapping":
            lines.append(_entry(key, value, found.why.get(key, "")))
    if found.skeleton:
        lines.append("# Say what is what, and take the '# ' of the lines below away.")
        if found.skeleton.group and "group" not in found.settings:
            lines.append(f"# group: {_text(f'{{{found.skeleton.group}}}')}")
    lines.append("mapping:")
    if found.skeleton:
        lines += [f"  # {plain(line)}" for line in found.skeleton.lines]
    for key, value in found.settings["mapping"].items():
        why = found.why.get(key, "")
        if isinstance(value, dict):
            lines.append(f"  {key}:{_because(why)}")
            lines += [f"    {_text(word)}: {_text(meaning)}" for word, meaning in value.items()]
        else:
            lines.append("  " + _entry(key, value, why))
    return "\n".join(lines) + "\n"


def _entry(key: str, value: object, why: str) -> str:
    return f"{key}: {_text(value)}{_because(why)}"


def _because(why: str) -> str:
    return f"  # {plain(' '.join(why.split()))}" if why else ""


def _text(value: object) -> str:
    """Return a value as YAML: a name as it is, any other text as JSON writes it."""
    if isinstance(value, str) and _NAME.fullmatch(value) and value not in _NO_NAMES:
        return value
    return plain(json.dumps(value, ensure_ascii=False))


def _named_after(path: Path) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", path.name.split(".")[0].lower()).strip("_")
    stem = stem[:40].rstrip("_")
    return stem if _NAME.fullmatch(stem) else f"source_{stem}".rstrip("_")
