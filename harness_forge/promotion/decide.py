"""Decides on a candidate, writes the decision once, and moves the champion."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.config.promote import ConditionConfig, PromoteConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import PromoteError
from harness_forge.core.files import whole_file, whole_folder, write_json
from harness_forge.promotion.files import Files, evidence, kept_evaluation, kept_results
from harness_forge.promotion.mlflow_mirror import mirror
from harness_forge.promotion.placement import placement_of, version, with_adopted_lines
from harness_forge.promotion.rules.decision import DecisionOutcome, apply_rule
from harness_forge.registry import champion, decisions
from harness_forge.registry.adapters import package, registry, replicates, taint
from harness_forge.registry.adapters.identity import AdapterIdentity
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.champion import DECISION, ROLLBACK
from harness_forge.registry.signing import trust
from harness_forge.registry.timing import stamp
from harness_forge.rollouts.runs.known_looks import lost_head
from harness_forge.store.splits.holdout_ledger import HoldoutLedger

Line = Mapping[str, Any]
Say = Callable[[str], None]
EXPERIMENT = ("DVC_EXP_NAME", "DVC_EXP_BASELINE_REV")
"""What DVC sets for the stages of `dvc exp run`: in the workspace, aside or from a queue."""

_REMEDY = "apply it and `forge promote`"
_LEDGER_ONLY = ("kind", "time", "clock", "previous", "hash", "basis")


@dataclass(frozen=True)
class Decision:
    """The decision on a candidate.

    Args:
        facts: the ledger's line, or what it would have been.
        recorded: whether the ledger has it.
        repeated: whether it was decided before, on the same files.
        note: why the ledger was not changed, if it was not.
    """

    facts: Line
    recorded: bool = False
    repeated: bool = False
    note: str = ""

    @property
    def outcome(self) -> DecisionOutcome:
        """Promoted, awaiting approval, rejected, inconclusive or incomplete."""
        return DecisionOutcome(self.facts["decision"])

    def as_dict(self) -> dict[str, Any]:
        """Return promote.json: without times, so that it changes only with the facts."""
        facts = {key: value for key, value in self.facts.items() if key not in _LEDGER_ONLY}
        return {**facts, "recorded": self.recorded, "note": self.note}


def decide(
    config: ForgeConfig,
    files: Files,
    out: Path | None = None,
    *,
    dry_run: bool = False,
    again: bool = False,
    say: Say = lambda text: None,
) -> Decision:
    """Decide on the candidate, write the ledger, and move the champion if it is promoted.

    Deciding again on the same files writes nothing new. In a DVC experiment
    the decision is written to `out`, and ledger and champion stay as they are.

    Args:
        out: promote.json, written last; None writes none.
        dry_run: write nothing at all.
        again: ignore that the candidate was rolled back.
        say: called with what was repaired.

    Raises:
        PromoteError: the candidate is tainted; or a file, the ledger or the champion cannot
            be read or written.
        TrainError: there is no candidate, it is damaged, or not signed as asked.
    """
    home = Path(config.forge_home)
    adapter = trust.demand(package.load(files.adapter), config.signing)
    if told := taint.says(home, adapter.digest):
        raise PromoteError(f"adapter {adapter.label}", f"is tainted: {told}", "nothing was decided")
    if note := _left_alone(dry_run):
        lines = decisions.read(home)
        facts, known = _facts(config, files, adapter, lines, again, say)
        decision = Decision(known or facts, known is not None, known is not None, note)
    else:
        with decisions.opened(home, say) as book:
            facts, known = _facts(config, files, adapter, book.lines, again, say)
            if known is None:
                _append(facts, files, adapter, home, book, say)
            line = known or book.lines[-1]
            # Also after a repeat: this repairs a kill between ledger and pointer.
            _point(home, book.lines, line)
            decision = Decision(line, recorded=True, repeated=known is not None)
        mirror(config, say)
    if out is not None and not dry_run:
        write_json(out, decision.as_dict())
    return decision


def _left_alone(dry_run: bool) -> str:
    if dry_run:
        return "a dry run: ledger and champion were left alone"
    if any(os.environ.get(name) for name in EXPERIMENT):
        name = os.environ.get(EXPERIMENT[0]) or "without a name"
        return f"DVC experiment {name}: ledger and champion were left alone; {_REMEDY}"
    return ""


def _facts(
    config: ForgeConfig, files: Files, adapter: Adapter, lines: list[Line], again: bool, say: Say
) -> tuple[dict[str, Any], Line | None]:
    """Return the facts of this decision without its time, and the line that already has them."""
    candidate = adapter.identity
    placement = placement_of(config, files, adapter)
    home = Path(config.forge_home)
    lines, adoption = with_adopted_lines(placement, lines, candidate.name, home)
    slot = placement.slot(lines, candidate.name)
    stack = champion.champion_stack(lines, slot)
    before = stack[-1].candidate if stack else None
    rollback = None if again else _rollback_of(lines, candidate)
    reason = f"rolled back {rollback['time']}: {rollback['why']}" if rollback else ""
    ledger = HoldoutLedger(config.budget, home)
    looks = ledger.state()
    if lost := lost_head(looks, home, placement.skill):
        say(f"{ledger.path}: {lost}")
    found, look = evidence(
        files,
        candidate,
        before,
        home,
        looks.looks,
        reason,
        adapter.lineage.get("audit"),
        placement.misplaced,
        replicates.not_first(adapter),
    )
    ruling = apply_rule(config.promote, found)
    clear = ruling.outcome is DecisionOutcome.PROMOTED
    waits = clear and config.promote.approval and candidate != before
    won = clear and not waits
    after = candidate if won else before
    inputs = files.digests()
    basis = [
        asdict(candidate),
        _hashed_rule(config.promote),
        inputs,
        look,
        rollback and rollback["hash"],
    ]
    facts = {
        "kind": DECISION,
        "candidate": asdict(candidate),
        **placement.facts(),
        **adoption,
        "decision": DecisionOutcome.AWAITING.value if waits else ruling.outcome.value,
        "why": f"{ruling.why} A person has to say yes: forge approve." if waits else ruling.why,
        "rule": config.promote.name,
        "conditions": {one.name: one.as_dict() for one in ruling.findings},
        "look": look,
        "ledger": {"path": str(ledger.path), **looks.facts()},
        "inputs": inputs,
        "champion_before": asdict(before) if before else None,
        "champion_after": asdict(after) if after else None,
        **({"version": version(config, adapter, found, lines, slot)} if clear else {}),
        "basis": sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest(),
    }
    return facts, _known(facts, lines, slot)


def _rollback_of(lines: list[Line], candidate: AdapterIdentity) -> Line | None:
    """Return the rollback that removed this candidate, unless it was champion again since."""
    own, last = asdict(candidate), None
    for line in lines:
        if line["kind"] == ROLLBACK:
            if own in line.get("taken_down", [line["candidate"]]):
                last = line
            elif line["champion_after"] == own:
                last = None
        elif line["candidate"] == own and line["decision"] == "promoted":
            last = None
    return last


def _known(facts: Line, lines: list[Line], slot: str) -> Line | None:
    """Return the line that already has the same facts."""
    stack = champion.champion_stack(lines, slot)
    for line in reversed(champion.lines_of(lines, slot)):
        if line["kind"] != DECISION or line["basis"] != facts["basis"]:
            continue
        if line["decision"] == "promoted":
            is_champion = stack and asdict(stack[-1].candidate) == facts["candidate"]
            return line if is_champion else None
        if line["champion_before"] == facts["champion_before"]:
            return line
    return None


def _append(
    facts: Line,
    files: Files,
    adapter: Adapter,
    home: Path,
    book: decisions.DecisionLedger,
    say: Say,
) -> None:
    # What waits is kept too: the outputs may be another candidate's when a person says yes.
    if facts["decision"] in (DecisionOutcome.PROMOTED.value, DecisionOutcome.AWAITING.value):
        _keep(files, adapter, home)
    book.append({**facts, **stamp(book.lines, say)})


def _point(home: Path, lines: list[Line], line: Line) -> None:
    """Write the pointer of a line's slot."""
    pairs = zip(lines, champion.slots_of(lines), strict=True)
    slot = next(slot for one, slot in pairs if one["hash"] == line["hash"])
    champion.point(home, slot, champion.champion_stack(lines, slot))
    champion.remove_stale_pointers(home, lines)


def _keep(files: Files, adapter: Adapter, home: Path) -> None:
    """Copy a new champion into the registry, and its results beside the ledger."""
    candidate = adapter.identity
    folder = registry.folder(home) / candidate.label
    kept = {
        kept_results(home, candidate): files.results,
        kept_evaluation(home, candidate): files.evaluate,
    }
    try:
        if not (folder / package.WEIGHTS).is_file():  # pruned, its record alone may be there
            with whole_folder(folder) as draft:
                shutil.copytree(adapter.folder, draft, dirs_exist_ok=True)
        for copy, source in kept.items():
            if source.is_file():
                with whole_file(copy) as draft:
                    shutil.copyfile(source, draft)
    except OSError as error:
        where = str(error.filename or folder)
        what = f"cannot be written: {error.strerror or error}"
        raise PromoteError(where, what, "nothing was promoted") from None


def _hashed_rule(rule: PromoteConfig) -> dict[str, Any]:
    """Return a rule as it is hashed: without newer keys that have their default value.

    A decision that was made before such a key existed is then still recognised.
    """
    later = asdict(ConditionConfig())
    later = {
        key: later[key] for key in ("suite", "category", "threshold", "evidence", "sided", "of")
    }
    said = asdict(rule)
    said.pop("version")  # a champion's name decides nothing
    said.pop("mlflow")  # nor do copies of it
    said.pop("rollback")  # nor what happens to a champion later
    for key in ("approval", "judge_alone"):
        if not said[key]:
            del said[key]
    for one in said["conditions"].values():
        for key, value in later.items():
            if one[key] == value:
                del one[key]
    return _plain(said)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value.value if isinstance(value, Enum) else value
