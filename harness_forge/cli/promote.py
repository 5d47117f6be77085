"""`forge promote`: decide on the adapter by the rule, and make it champion if it holds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.cli.columns import columns
from harness_forge.core.errors import ConfigError, EvalError, PromoteError
from harness_forge.store.splits.holdout_ledger import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness_forge.promotion.decide import Decision

SUMMARY = "decide by the rule whether the adapter becomes champion"
USAGE = "[ADAPTER] [--if-better] [--dry-run] [--again] [key=value …]"
EXAMPLES = (
    "forge promote",
    "forge promote --dry-run",
    "forge promote --if-better",
    "forge promote promote=aither",
    "forge promote stig-worker promote.conditions.enough_pairs.minimum=100",
    "forge promote --again",
)
KEYS = ("promote", "budget", "train", "forge_home")
JSON = "an object: decision, why, conditions, candidate, champion_before, champion_after, recorded"

DRY_RUN, AGAIN = "--dry-run", "--again"
"""Flags: touch nothing; pass over that the candidate was rolled back."""
IF_BETTER, BETTER = "--if-better", "promote=model_lab"
"""Flag: better than base and champion is the rule, unless another one is named."""


def main(argv: list[str]) -> int:
    """Decide; exits 0 promoted, 10 rejected, 11 inconclusive, 12 incomplete."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.promotion.decide import decide
    from harness_forge.promotion.files import Files
    from harness_forge.registry.current import current_adapter

    words, flags, overrides = sort(argv, (IF_BETTER, DRY_RUN, AGAIN))
    if IF_BETTER in flags and not any(one.startswith("promote=") for one in overrides):
        overrides = [BETTER, *overrides]
    if len(words) > 1:
        raise ConfigError("command line", "one adapter at a time", f"forge promote {USAGE}")
    config = composed(overrides)
    candidate = current_adapter(config, words[0] if words else None)
    try:
        decision = decide(
            config,
            Files.of(adapter=candidate.folder),
            Path("outputs/promote.json"),
            dry_run=DRY_RUN in flags,
            again=AGAIN in flags,
            **telling(),
        )
    except EvalError as fault:  # its exit code says here that an approval is awaited
        raise PromoteError(fault.where, fault.what, fault.hint) from None
    report(decision.as_dict(), render(decision))
    return decision.outcome.exit_code


def telling() -> dict[str, Callable]:
    """Return what says what was healed, as `promoting` takes it."""
    return {"say": lambda text: print(f"promote: {text}", file=sys.stderr)}


def render(decision: Decision) -> str:
    """Return the decision, its sentence, and a line for each condition."""
    from harness_forge.cli.terminal import painted

    facts = decision.facts
    styles = {"promoted": "good", "rejected": "bad"}
    word = painted(facts["decision"], styles.get(facts["decision"], "open"))
    lines = [
        f"{word}  {_label(facts['candidate'])}",
        f"  {facts['why']}",
        "",
        *(f"  {row}" for row in conditions(facts["conditions"])),
        "",
        f"  champion: {_champion(decision)}",
    ]
    if facts.get("version"):
        lines.append(f"  version: {facts['version']['name']} ({facts['version']['why']})")
    if facts.get("ledger"):
        lines.append(f"  looks: {describe(facts['ledger'])}")
    if decision.repeated:
        lines.append(f"  decided before, {facts['time']}, on the same files")
    if decision.note:
        lines.append(f"  {decision.note}")
    return "\n".join(lines)


def conditions(found: Mapping[str, Any]) -> list[str]:
    """Return a head and a line for each condition, those inside a group under it."""
    rows = [("condition", "verdict", "value", "threshold", "interval", "measured")]
    rows += _rows(found, "")
    return columns(rows)


def _rows(found: Mapping[str, Any], indent: str) -> Iterator[tuple[str, ...]]:
    for name, one in found.items():
        # A decision from before these were kept apart has them in words only.
        shown = one.get("shown") or dict.fromkeys(("value", "threshold", "interval"), "")
        verdict = one["verdict"].replace("_", " ")
        inner = one.get("of") or {}
        sentence = one["required"].partition(" of ")[0] + " of" if inner else one["measured"]
        yield (
            f"{indent}{name}",
            verdict,
            shown["value"],
            shown["threshold"],
            shown["interval"],
            sentence,
        )
        yield from _rows(inner, f"{indent}  ")


def _champion(decision: Decision) -> str:
    before, after = decision.facts["champion_before"], decision.facts["champion_after"]
    if not decision.recorded:
        return f"{_label(before)} stays" if before else "none"
    if after == before:
        return f"{_label(before)} stays" if before else "none"
    return f"{_label(after)}, before it {_label(before) if before else 'none'}"


def _label(candidate: dict[str, Any]) -> str:
    from harness_forge.registry.adapters.identity import AdapterIdentity

    return AdapterIdentity.of(candidate).label
