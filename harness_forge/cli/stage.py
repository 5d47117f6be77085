"""`forge stage`: one stage of dvc.yaml, which calls nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from harness_forge.core.errors import ConfigError

SUMMARY = "run one stage of dvc.yaml"
USAGE = "NAME [FILE]"
EXAMPLES = ("forge stage compose", "forge stage export data/dataset")
KEYS = ()
JSON = "an object: stage, written: the file or folder"

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
    from harness_forge.cli.params import PARAMS
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
    from harness_forge.cli import params
    from harness_forge.config.compose.resolved import write_resolved
    from harness_forge.report import plots_page

    said = params.demanded()
    if note := params.unread(said):
        print(f"note: {note}", file=sys.stderr)
    write_resolved(out, said.recipe, said.overrides)
    plots_page.write()
