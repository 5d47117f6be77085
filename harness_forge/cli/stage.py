"""`forge stage`: one stage of dvc.yaml, which calls nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness_forge.core.errors import ConfigError

SUMMARY = "run one stage of dvc.yaml"
USAGE = "NAME [FILE]"
EXAMPLES = ("forge stage compose", "forge stage export data/dataset")
KEYS = ()
JSON = "an object: stage, written: the file or folder"

PARAMS = Path("params.yaml")
RESOLVED = Path("outputs/resolved.yaml")
OUTPUTS = {
    "compose": RESOLVED,
    "attempt": Path("outputs/attempt.json"),
    "watermark": Path("outputs/watermark.json"),
    "export": Path("data/dataset"),
    "pairs": Path("data/pairs"),
    "audit": Path("outputs/audit.json"),
    "train_sft": Path("outputs/adapters/sft"),
    "train_dpo": Path("outputs/adapters/dpo"),
    "prove": Path("outputs/prove.json"),
    "replay": Path("outputs/replay"),
    "evaluate": Path("outputs/evaluate"),
    "promote": Path("outputs/promote.json"),
    "report": Path("outputs/report.html"),
}
"""Each stage, in order, and what it writes where no FILE is given."""

SHOWN = {
    "export": ("export", "render", None),
    "pairs": ("export", "render", None),
    "audit": ("train", "counted", "saying"),
    # The stage before it has said how many tokens there are.
    "train_sft": ("train", "summary", "following"),
    "train_dpo": ("train", "summary", "telling"),
    "prove": ("prove", "render", None),
    "replay": ("replay", "render", "telling"),
    "evaluate": ("evaluate", "render", "telling"),
    "promote": ("promote", "render", "telling"),
    "report": ("report", "brief", None),
}
"""Stages that are shown in the terminal: by which verb's words, and while they work."""


def main(argv: list[str]) -> int:
    """Run one stage; what it reads besides its section is in dvc.yaml."""
    from harness_forge.cli import results
    from harness_forge.cli.words import one_of, sort

    words, _, overrides = sort(argv)
    if overrides:
        hint = f"a stage reads {PARAMS}: put it under `overrides` there, and `dvc repro`"
        raise ConfigError("command line", f"{overrides[0]!r} would not reach DVC", hint)
    if not words or len(words) > 2:
        raise ConfigError("command line", "which stage?", f"forge stage {'|'.join(OUTPUTS)}")
    name = one_of(words[0], list(OUTPUTS), "stage")
    out = Path(words[1]) if len(words) == 2 else OUTPUTS[name]
    if name == "compose":
        _compose(out)
    else:
        from harness_forge.cli import stages

        show, tell = _terminal(name)
        report = getattr(stages, name)(RESOLVED, out, **tell)
        # A stage that the recipe does not ask for has nothing to show.
        if show and report is not None:
            results.show(show(report))
    results.report({"stage": name, "written": out})
    return 0


def _terminal(name: str) -> tuple[Callable | None, dict[str, Callable]]:
    """Return what prints a stage's report, and what shows it at work, as its verb does."""
    from importlib import import_module

    if name not in SHOWN:
        return None, {}
    verb, show, telling = SHOWN[name]
    module = import_module(f"harness_forge.cli.{verb}")
    return getattr(module, show), getattr(module, telling)() if telling else {}


def _compose(out: Path) -> None:
    """Compose what params.yaml names. Without it there is no recipe to run."""
    from harness_forge.config.compose.resolved import write_resolved
    from harness_forge.report import plots_page

    params = read_params()
    write_resolved(out, params.get("recipe"), params.get("overrides") or [])
    plots_page.write()


def read_params() -> dict[str, Any]:
    """Return recipe and overrides of params.yaml.

    Raises:
        ConfigError: it is missing, no YAML or not of that form.
    """
    text = _params_text()
    if text is None:
        raise ConfigError(str(PARAMS), "is missing", "run this in a project's folder")
    return _params(text)


def _params_text() -> str | None:
    """Return the text of params.yaml, None where there is none."""
    try:
        return PARAMS.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(str(PARAMS), "is not UTF-8 text", "save it as UTF-8") from error


def _params(text: str) -> dict[str, Any]:
    import yaml

    try:
        params = yaml.safe_load(text)
    except yaml.YAMLError as error:
        first = str(error).splitlines()[0]
        raise ConfigError(str(PARAMS), f"is not valid YAML: {first}") from error
    if not isinstance(params, dict) or not isinstance(params.get("recipe"), str):
        raise ConfigError(f"{PARAMS}: recipe", "must name a recipe", "recipe: target_a")
    overrides = params.get("overrides") or []
    if not (isinstance(overrides, list) and all(isinstance(text, str) for text in overrides)):
        hint = "overrides: [role=worker, run.limit=20]"
        raise ConfigError(f"{PARAMS}: overrides", "must be a list of key=value", hint)
    return params


def in_project(overrides: Sequence[str]) -> list[str]:
    """Return overrides behind the recipe and the overrides of the folder's params.yaml.

    They stay as they are where they name a recipe, and where no params.yaml names one: other
    programs have a file of that name too.

    Raises:
        ConfigError: the file names a recipe and is not of its form, or is no YAML.
    """
    words = list(overrides)
    if any(word.startswith("recipe=") for word in words):
        return words
    text = _params_text() or ""
    if not any(line.startswith("recipe:") for line in text.splitlines()):
        return words
    params = _params(text)
    return [f"recipe={params['recipe']}", *(params.get("overrides") or []), *words]


def is_project() -> bool:
    """Return whether params.yaml names the recipe of this folder, which is not forge's source."""
    from harness_forge.config.compose.project import is_source_tree

    return bool(in_project([])) and not is_source_tree(Path.cwd())
