"""`forge report`: one HTML page about the last loop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import clustered_p, gain, percent

if TYPE_CHECKING:
    from harness_forge.report.material import Material

SUMMARY = "write one HTML page: data, training, success, decision, answers"
USAGE = "[-o FILE] [key=value …]"
EXAMPLES = ("forge report", "forge report -o stig-worker.html")
KEYS = ("export", "train", "worksets", "data_dir", "forge_home")
JSON = (
    "an object: page, title, decision, why, not_there_yet, faults; nothing_to_replay: why, or null"
)

OUT = Path("outputs/report.html")
"""Where the page goes if `-o` does not say otherwise."""


def main(argv: list[str]) -> int:
    """Write the page and say where it is, and what it lacks."""
    from harness_forge.cli import composed, results
    from harness_forge.cli.words import sort
    from harness_forge.report.collect import report
    from harness_forge.report.gaps import gaps

    out, rest = _out(argv)
    words, _, overrides = sort(rest)
    if words:
        raise ConfigError("command line", f"{words[0]!r} is not right", f"forge report {USAGE}")
    material = report(composed(overrides), out)
    promotion = material.promotion if isinstance(material.promotion, dict) else {}
    facts = {
        "page": out,
        "title": material.title,
        "decision": promotion.get("decision"),
        "why": promotion.get("why"),
        "not_there_yet": [gap.name for gap in gaps(material)],
        "nothing_to_replay": material.nothing or None,
        "faults": material.faults,
    }
    results.report(facts, f"{render(material)}\n  {out}")
    return 0


def render(material: Material) -> str:
    """Return success, decision, and what the page lacks."""
    return "\n".join(
        [
            *_safely("replay.json", _rates(material.replay or {})),
            *_safely("promote.json", _decision(material.promotion or {})),
            *_lacking(material),
        ]
    )


def brief(material: Material) -> str:
    """Return what the page lacks; the stages before have printed what it shows."""
    return "\n".join(_lacking(material)) or "the page has every part"


def _lacking(material: Material) -> list[str]:
    """Return why nothing can be replayed, and a line for each part that is not there yet."""
    from harness_forge.cli.columns import columns
    from harness_forge.report.gaps import gaps

    none = [f"nothing to replay: {material.nothing}"] if material.nothing else []
    if not (found := gaps(material)):
        return none
    rows = columns([(gap.name, gap.command) for gap in found])
    return [*none, "not there yet, in the order to make it:", *(f"  {row}" for row in rows)]


def _safely(name: str, lines: Iterator[str]) -> list[str]:
    """Return the lines; a damaged file costs its own only, as it does in the page."""
    try:
        return list(lines)
    except (AttributeError, KeyError, TypeError, ValueError):
        return [f"{name} is not as forge writes it"]


def _rates(replay: dict[str, Any]) -> Iterator[str]:
    """Yield the first-try success of every policy, and the paired test beside the adapter."""
    if not replay:
        return
    yield f"first try on {replay['split']}, judged by the environment"
    width = max(map(len, replay["policies"]), default=0) + 2
    for label, parts in replay["policies"].items():
        shares = "  ".join(
            f"{part} {one['passed']:>3} of {one['items']:<3} {percent(one['rate']):>6}"
            for part, one in parts.items()
        )
        yield f"  {label:<{width}}{shares}"
    for name, parts in replay["comparisons"].items():
        for part, one in parts.items():
            if part == "all" or not one["pairs"]:
                continue
            yield (
                f"  {name.replace('_', ' ')}, {part}: {gain(one)} points, "
                f"p by cluster {clustered_p(one)}"
            )


def _decision(promotion: dict[str, Any]) -> Iterator[str]:
    from harness_forge.registry.adapters.identity import AdapterIdentity

    if promotion:
        yield f"{promotion['decision']}: {AdapterIdentity.of(promotion['candidate']).label}"
        yield f"  {promotion['why']}"


def _out(argv: list[str]) -> tuple[Path, list[str]]:
    if "-o" not in argv:
        return OUT, argv
    index = argv.index("-o")
    if index + 1 == len(argv) or argv[index + 1].startswith("-"):
        raise ConfigError("command line", "-o needs a file", f"forge report {USAGE}")
    out = Path(argv[index + 1])
    if out.is_dir():
        raise ConfigError(
            "command line", f"{out} is a folder", f"name the file: -o {out}/report.html"
        )
    return out, argv[:index] + argv[index + 2 :]
