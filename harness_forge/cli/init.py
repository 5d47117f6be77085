"""`forge init`: a project's folder, with recipes and groups of one's own."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness_forge.core.errors import ConfigError

if TYPE_CHECKING:
    from harness_forge.config.starter.folder import Started
    from harness_forge.config.starter.tools import Tools

SUMMARY = "start a project's folder: dvc.yaml, recipes and groups of your own; overwrite nothing"
USAGE = "[FOLDER] [recipe=NAME]"
EXAMPLES = ("forge init", "forge init my-project", "forge init my-project recipe=target_b")
KEYS = ()
JSON = "an object: folder, made, kept, lacking, versioned, tools: home and names, or null"


def main(argv: list[str]) -> int:
    """Write what is not there; say what was, and what to do next."""
    from harness_forge.cli.results import as_plain, report
    from harness_forge.cli.words import sort
    from harness_forge.config.compose.engine import DEFAULT_RECIPE, recipe_path
    from harness_forge.config.compose.overrides import take_recipe
    from harness_forge.config.starter import folder, tools, versioning

    words, _, overrides = sort(argv)
    base, others = take_recipe(overrides)
    if len(words) > 1 or others:
        what = f"{(others or words[1:])[0]!r} says nothing here"
        raise ConfigError("command line", what, f"forge init {USAGE}")
    recipe_path(base or DEFAULT_RECIPE)
    place = Path(words[0] if words else ".").expanduser().resolve()
    started = folder.start(place, base or DEFAULT_RECIPE)
    versioned = versioning.begin(place)
    found = tools.near(place)
    facts = {"folder": place, **as_plain(started), "versioned": versioned, "tools": found}
    report(facts, render(place, started, versioned, found))
    return 0


def render(place: Path, started: Started, versioned: list[str], found: Tools | None) -> str:
    """Return what was made, what was there, and what comes next."""
    lines = [f"{place}"]
    lines += [f"  made   {name}" for name in started.made]
    lines += [f"  there  {name}" for name in started.kept if name not in started.lacking]
    lines += [f"  there  {name}: {what}" for name, what in started.lacking.items()]
    return "\n".join([*lines, *(f"  {line}" for line in versioned), *_next(place), *_tools(found)])


def _next(place: Path) -> list[str]:
    steps = [] if place == Path.cwd() else [f"cd {shlex.quote(str(place))}"]
    beside = Path(sys.executable).parent
    if shutil.which("forge") is None and (beside / "forge").exists():
        # DVC starts forge by its name.
        steps.append(f'export PATH={shlex.quote(str(beside))}:"$PATH"')
    return ["next:", *(f"  {step}" for step in [*steps, "forge doctor", "dvc repro"])]


def _tools(found: Tools | None) -> list[str]:
    """Return how to use the tools of another project rather than install them again."""
    if found is None:
        return ["tools that another project has: forge_home=DIR under overrides in params.yaml"]
    return [
        f"{found.home} has {', '.join(found.names)}; to use them here, in params.yaml:",
        f'  overrides: ["{found.setting}"]',
        "  store, adapters and champions are then those of that folder too",
    ]
