"""The evidence of a decision: the files of replay, evaluation and proof, checked.

A file about another adapter than the candidate counts as missing. Every reader here
returns the numbers asked for, or a `MissingEvidence` that says what is missing and how to get it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness_forge.config.promote import Opponent
from harness_forge.registry.adapters.identity import AdapterIdentity

REMEDIES = {
    "replay": "forge replay",
    "evaluate": "forge evaluate",
    "prove": "forge prove",
    "noise": "forge replay --aa",
    "suite_noise": "forge evaluate --aa",
}
"""The command that makes each input."""


@dataclass(frozen=True)
class MissingEvidence:
    """Missing evidence; `what` names it and the remedy."""

    what: str


@dataclass(frozen=True)
class Champion:
    """The current champion, compared with the candidate.

    Args:
        comparison: by part, as in replay.json; a Gap if their results cannot be
            paired.
        evaluate: its evaluate.json at its promotion; a Gap if it was not stored.
        categories: by category of the items, what `comparison` holds by part.
    """

    candidate: AdapterIdentity
    comparison: Mapping[str, Any] | MissingEvidence
    evaluate: Mapping[str, Any] | MissingEvidence = field(
        default_factory=lambda: MissingEvidence("the champion's evaluation was not kept")
    )
    categories: Mapping[str, Any] | MissingEvidence = field(
        default_factory=lambda: MissingEvidence("no comparison with the champion by category")
    )


@dataclass(frozen=True)
class Evidence:
    """Everything a decision may look at.

    Args:
        replay, evaluate, prove: the parsed files; None if there is none.
        champion: None if there is none, or the candidate is it.
        alpha: the level of this look at the holdout; a Gap if its look is not in
            the ledger.
        rolled_back: when and why the candidate was rolled back as champion; '' if
            it was not, or that is to be ignored.
        audit: counts of the loss mask's check, from the adapter's lineage.
        misplaced: why the candidate is no adapter of the skill it was measured
            on; '' if it is one.
        categories: by opponent and category of the items (their families), what
            `replay` holds by part; a Gap if they cannot be computed.
        noise: aa.json, the base model replayed against itself; None if there is none.
        suite_noise: evaluate-aa.json, a model evaluated against itself; None likewise.
        planned: adapters of the recipe that this look at the holdout was planned for.
        replicate: why the candidate is no adapter that may be shipped: it is a later replicate
            of a recipe; '' if it is none.
    """

    candidate: AdapterIdentity
    replay: Mapping[str, Any] | None
    evaluate: Mapping[str, Any] | None
    prove: Mapping[str, Any] | None
    champion: Champion | None
    alpha: float | MissingEvidence
    rolled_back: str = ""
    audit: Mapping[str, Any] | None = None
    misplaced: str = ""
    categories: Mapping[str, Any] | MissingEvidence = field(default_factory=dict)
    noise: Mapping[str, Any] | None = None
    suite_noise: Mapping[str, Any] | None = None
    planned: int = 1
    replicate: str = ""

    def comparison(
        self, against: Opponent, part: str, category: str = ""
    ) -> Mapping[str, Any] | MissingEvidence:
        """Return the paired counts of candidate against `against` on `part`, or in a category."""
        replay = self._replayed()
        if isinstance(replay, MissingEvidence):
            return replay
        if category:
            return self._in(category, self.by_category(against), against)
        if against is Opponent.champion:
            if self.champion is None:
                return MissingEvidence("there is no champion")
            table = self.champion.comparison
            if isinstance(table, MissingEvidence):
                return table
        else:
            named = f"adapter_vs_{against.value}"
            table = replay.get("comparisons", {}).get(named)
            if table is None:
                return MissingEvidence(
                    f"replay.json compares nothing with {against.value} (forge replay)"
                )
        found = table.get(part, {})
        if not found.get("pairs"):
            split = replay.get("split", "an unnamed split")
            return MissingEvidence(f"no pair of part {part} was judged (the replay was of {split})")
        return _finite(found, f"against {against.value} on {part}")

    def recipe(self, against: Opponent, part: str) -> Mapping[str, Any] | MissingEvidence:
        """Return all adapters of the recipe against `against` on `part`, as replay.json has it."""
        replay = self._replayed()
        if isinstance(replay, MissingEvidence):
            return replay
        if against is Opponent.champion:
            return MissingEvidence("a recipe is not compared with a champion, which is one adapter")
        if not (tables := replay.get("recipe")):
            return MissingEvidence(
                "replay.json holds one adapter (train.replicates=3, forge train and replay)"
            )
        found = tables["comparisons"].get(against.value, {}).get(part, {})
        if not found.get("pairs"):
            split = replay.get("split", "an unnamed split")
            return MissingEvidence(
                f"no pair of part {part} was judged for all (the replay was of {split})"
            )
        return _finite(found, f"of the recipe against {against.value} on {part}")

    def by_category(self, against: Opponent) -> Mapping[str, Any] | MissingEvidence:
        """Return the paired counts of candidate against `against` by category."""
        if against is Opponent.champion:
            return (
                self.champion.categories
                if self.champion
                else MissingEvidence("there is no champion")
            )
        if isinstance(self.categories, MissingEvidence):
            return self.categories
        found = self.categories.get(against.value)
        return (
            MissingEvidence(f"no results of {against.value} (forge replay)")
            if found is None
            else found
        )

    def _in(self, category: str, table: Mapping[str, Any] | MissingEvidence, against: Opponent):
        if isinstance(table, MissingEvidence):
            return table
        # With one skill, a category may be named without it.
        ends = [name for name in table if f":{name}".endswith(f":{category}")]
        found = table[ends[0]] if len(ends) == 1 else {}
        if not found.get("pairs"):
            return MissingEvidence(f"no pair of category {category} was judged (forge replay)")
        return _finite(found, f"against {against.value} in {category}")

    def floor(self, part: str) -> Mapping[str, Any] | MissingEvidence:
        """Return the paired counts of the base model against itself on `part`."""
        if self.noise is None:
            return MissingEvidence(f"aa.json is missing ({REMEDIES['noise']})")
        replay = self.input("replay")
        if not isinstance(replay, MissingEvidence) and self.noise.get("split") != replay.get(
            "split"
        ):
            return MissingEvidence(
                f"aa.json is of split {self.noise.get('split')} ({REMEDIES['noise']})"
            )
        if not isinstance(replay, MissingEvidence) and not _of_base_runs(self.noise, replay, part):
            return MissingEvidence(f"aa.json is of other runs ({REMEDIES['noise']})")
        found = (self.noise.get("comparison") or {}).get(part) or {}
        if not found.get("pairs"):
            return MissingEvidence(f"aa.json has no pair of part {part} ({REMEDIES['noise']})")
        return _finite(found, f"of the base against itself on {part}")

    def moved(self) -> Mapping[str, Any] | MissingEvidence:
        """Return the evaluation of a model against itself: the base's, or the candidate's."""
        if self.suite_noise is None:
            return MissingEvidence(f"evaluate-aa.json is missing ({REMEDIES['suite_noise']})")
        about = (self.suite_noise.get("candidate") or {}).get("digest", self.candidate.digest)
        if about != self.candidate.digest:
            what = f"evaluate-aa.json is about adapter {str(about)[:12]}"
            return MissingEvidence(f"{what} ({REMEDIES['suite_noise']})")
        return self.suite_noise

    def rate(self, part: str) -> Mapping[str, Any] | MissingEvidence:
        """Return the candidate's own first-try success on `part`."""
        replay = self._replayed()
        if isinstance(replay, MissingEvidence):
            return replay
        found = replay.get("policies", {}).get("adapter", {}).get(part) or {}
        if not found.get("items"):
            split = replay.get("split", "an unnamed split")
            return MissingEvidence(f"no item of part {part} was judged (the replay was of {split})")
        for key in ("items", "rate", "low", "high"):
            value = found.get(key)
            if not isinstance(value, int | float) or not math.isfinite(value):
                return MissingEvidence(f"replay.json: {key} of the adapter on {part} is {value!r}")
        return found

    def evaluation(self, against: Opponent) -> Mapping[str, Any] | MissingEvidence:
        """Return the evaluation with the opponent's scores; the champion has its own."""
        evaluate = self.input("evaluate")
        if isinstance(evaluate, MissingEvidence) or against is not Opponent.champion:
            return evaluate
        return (
            MissingEvidence("there is no champion")
            if self.champion is None
            else self.champion.evaluate
        )

    def proof(self) -> Mapping[str, Any] | MissingEvidence:
        """Return the proof."""
        return self.input("prove")

    def _replayed(self) -> Mapping[str, Any] | MissingEvidence:
        """Return replay.json; a gap where no policy was asked, as it says itself."""
        replay = self.input("replay")
        if isinstance(replay, MissingEvidence) or not (nothing := replay.get("nothing")):
            return replay
        return MissingEvidence(f"nothing was replayed: {nothing}")

    def input(self, name: str) -> Mapping[str, Any] | MissingEvidence:
        """Return replay, evaluate or prove, if it is there and about the candidate."""
        found = getattr(self, name)
        if found is None:
            return MissingEvidence(f"{name}.json is missing ({REMEDIES[name]})")
        # A proof names it `adapter`; comparisons name it `candidate`.
        digest = (found.get("candidate") or found.get("adapter") or {}).get("digest")
        if digest is None:
            return MissingEvidence(
                f"{name}.json does not say which adapter it is about ({REMEDIES[name]})"
            )
        if digest != self.candidate.digest:
            what = f"{name}.json is about adapter {digest[:12]}, not {self.candidate.digest[:12]}"
            return MissingEvidence(f"{what} ({REMEDIES[name]})")
        return found


def _finite(found: Mapping[str, Any], where: str) -> Mapping[str, Any] | MissingEvidence:
    for key, value in found.items():
        if not isinstance(value, int | float) or not math.isfinite(value):
            return MissingEvidence(f"{key} {where} is {value!r}, not a number")
    return found


def _of_base_runs(noise: Mapping[str, Any], replay: Mapping[str, Any], part: str) -> bool:
    """Return whether the first of the noise's runs are the replay's own of the base model.

    So it is of the same model, items, seed and prompts. Where a file does not name its runs, it
    is taken at its word.
    """
    base = ((replay.get("policies") or {}).get(Opponent.base.value) or {}).get(part) or {}
    asked = {name for name in str(base.get("run_id") or "").split(",") if name}
    first = {runs[0] for runs in (noise.get("runs") or {}).values() if runs}
    return not asked or not first or first == asked
