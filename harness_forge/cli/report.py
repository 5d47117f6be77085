"""`forge report`: one HTML page about the last loop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness_forge.errors import ConfigError

if TYPE_CHECKING:
    from harness_forge.operations.report.material import Material

SUMMARY = "write one HTML page: data, training, success, decision, answers"
USAGE = "[-o FILE] [key=value …]"
EXAMPLES = ("forge report", "forge report -o stig-worker.html")
KEYS = ("export", "train", "worksets", "data_dir", "forge_home")

OUT = Path("outputs/report.html")
"""Where the page goes if `-o` does not say otherwise."""


def main(argv: list[str]) -> int:
    """Write the page and say where it is, and what it lacks."""
    from harness_forge.cli import composed
    from harness_forge.cli.words import sort
    from harness_forge.reporting import report

    out, rest = _out(argv)
    words, _, overrides = sort(rest)
    if words:
        raise ConfigError("command line", f"{words[0]!r} is not right", f"forge report {USAGE}")
    print(render(report(composed(overrides), out)))
    print(f"  {out}")
    return 0


def render(material: Material) -> str:
    """Return the page's title, and what it lacks."""
    parts = {
        "dataset": material.manifest,
        "training": material.curves,
        "proof": material.proof,
        "evaluation": material.evaluation,
        "replay": material.replay,
        "decision": material.promotion,
    }
    gaps = [name for name, found in parts.items() if not found]
    return f"{material.title}" + (f"\n  not there yet: {', '.join(gaps)}" if gaps else "")


def _out(argv: list[str]) -> tuple[Path, list[str]]:
    if "-o" not in argv:
        return OUT, argv
    place = argv.index("-o")
    if place + 1 == len(argv) or argv[place + 1].startswith("-"):
        raise ConfigError("command line", "-o needs a file", f"forge report {USAGE}")
    return Path(argv[place + 1]), argv[:place] + argv[place + 2 :]
