"""What a decision rests on: the files of replay, evaluation and proof, checked for whose they are.

A file about another adapter than the candidate is as good as none: every
reader here returns the numbers asked for or a `Gap` that says what is missing
and how to get it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness_forge.promoters.config import Opponent

REMEDIES = {
    "replay": "forge replay",
    "evaluate": "forge evaluate",
    "prove": "forge prove",
}
"""The command that makes each input."""


@dataclass(frozen=True)
class Candidate:
    """An adapter by its readable name and the digest of its content."""

    name: str
    digest: str

    @property
    def label(self) -> str:
        """Return the name of its folder in the registry, which never means another."""
        return f"{self.name}-{self.digest[:12]}"


@dataclass(frozen=True)
class Gap:
    """Something that had to be there and is not; `what` names it and the remedy."""

    what: str


@dataclass(frozen=True)
class Champion:
    """The standing champion and how the candidate did beside it.

    Args:
        comparison: by part, as in replay.json; a Gap where their results
            cannot be paired.
    """

    candidate: Candidate
    comparison: Mapping[str, Any] | Gap


@dataclass(frozen=True)
class Evidence:
    """Everything a decision may look at.

    Args:
        replay, evaluate, prove: the parsed files; None where there is none.
        champion: None where none stands, or the candidate is it.
        alpha: what the look schedule gives this look at the holdout; a Gap
            where no look is in its ledger.
        rolled_back: when and why the candidate was taken down as champion; ''
            where it was not, or that is to be passed over.
    """

    candidate: Candidate
    replay: Mapping[str, Any] | None
    evaluate: Mapping[str, Any] | None
    prove: Mapping[str, Any] | None
    champion: Champion | None
    alpha: float | Gap
    rolled_back: str = ""

    def comparison(self, against: Opponent, part: str) -> Mapping[str, Any] | Gap:
        """Return the paired counts of candidate against `against` on `part`."""
        replay = self._input("replay")
        if isinstance(replay, Gap):
            return replay
        if against is Opponent.champion:
            if self.champion is None:
                return Gap("there is no champion")
            table = self.champion.comparison
            if isinstance(table, Gap):
                return table
        else:
            named = f"adapter_vs_{against.value}"
            table = replay.get("comparisons", {}).get(named)
            if table is None:
                return Gap(f"replay.json compares nothing with {against.value} (forge replay)")
        if not table.get(part, {}).get("pairs"):
            split = replay.get("split", "an unnamed split")
            return Gap(f"no pair of part {part} was judged (the replay was of {split})")
        return table[part]

    def means(self, against: Opponent, metric: str, part: str) -> tuple[float, float] | Gap:
        """Return the candidate's and the opponent's mean of an lm-eval metric."""
        evaluate = self._input("evaluate")
        if isinstance(evaluate, Gap):
            return evaluate
        labels = ("adapter", against.value)
        table = evaluate.get("labels", {})
        found = [table.get(label, {}).get(part, {}).get(metric) for label in labels]
        if None in found:
            label = labels[found.index(None)]
            return Gap(f"evaluate.json has no {metric} of {label} on {part} (forge evaluate)")
        return float(found[0]), float(found[1])

    def proof(self) -> Mapping[str, Any] | Gap:
        """Return the proof."""
        return self._input("prove")

    def _input(self, name: str) -> Mapping[str, Any] | Gap:
        found = getattr(self, name)
        if found is None:
            return Gap(f"{name}.json is missing ({REMEDIES[name]})")
        # A proof calls it the adapter; what is measured of several calls it the candidate.
        digest = (found.get("candidate") or found.get("adapter") or {}).get("digest")
        if digest is None:
            return Gap(f"{name}.json does not say which adapter it is about ({REMEDIES[name]})")
        if digest != self.candidate.digest:
            what = f"{name}.json is about adapter {digest[:12]}, not {self.candidate.digest[:12]}"
            return Gap(f"{what} ({REMEDIES[name]})")
        return found
