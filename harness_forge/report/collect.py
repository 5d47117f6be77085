"""Collects the material of a report: the loop's files, the ledgers, the trainings.

Missing files are left out here and named on the page. Nothing is measured again except
rates by family, from the results item by item.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness_forge.config.promote import asks_suites
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.config.skill import is_recorded
from harness_forge.core.dataset_files import LEDGER, MANIFEST, manifest_digest
from harness_forge.core.errors import EvalError, ForgeError
from harness_forge.core.files import write_text
from harness_forge.core.results import EvalResult
from harness_forge.core.version import __version__
from harness_forge.evaluation import result_files
from harness_forge.evaluation.statistics import wilson
from harness_forge.registry.adapters import registry
from harness_forge.registry.adapters.identity import AdapterIdentity
from harness_forge.registry.adapters.package import LINEAGE
from harness_forge.registry.current import trained_folder
from harness_forge.report.material import LABELS, Curve, FamilyResult, Material
from harness_forge.report.page import page
from harness_forge.rollouts.opening import no_environment
from harness_forge.worksets import worksets

KINDS = ("sft", "dpo")


@dataclass(frozen=True)
class Sources:
    """The places of a report's material.

    Args:
        outputs: folder of stage outputs.
        dataset: folder of the dataset.
        home: forge's home.
        adapter: name in the registry of the adapter that `forge train` makes.
    """

    outputs: Path
    dataset: Path
    home: Path
    adapter: str

    @classmethod
    def of(cls, config: ForgeConfig, outputs: Path = Path("outputs")) -> Sources:
        """Return the places of a recipe's loop; the stage's dataset before one exported by hand."""
        data = Path(config.data_dir)
        staged = data / "dataset"
        dataset = staged if staged.is_dir() else data / config.export.name
        return cls(outputs, dataset, Path(config.forge_home), config.train.name)


def report(config: ForgeConfig, out: Path, sources: Sources | None = None) -> Material:
    """Write the report to `out`, whole or not at all, and return what it was made of.

    Raises:
        OSError: `out` cannot be written.
    """
    material = collect(config, sources or Sources.of(config))
    text = page(material)
    write_text(out, text)
    return material


def collect(config: ForgeConfig, sources: Sources) -> Material:
    """Return everything that a report of this recipe can show."""
    faults: list[str] = []
    replay = _json(sources.outputs / "replay.json", faults)
    lineage = _adapter(sources, replay, faults)
    nothing = _nothing(config, replay)
    replay = None if nothing else replay
    found = _results(sources.outputs / "replay", faults) if replay else {}
    evaluation = _json(sources.outputs / "evaluate.json", faults)
    title = AdapterIdentity.of(lineage).label if lineage else f"recipe {config.recipe}"
    return Material(
        title=title,
        nothing=nothing,
        promotion=_json(sources.outputs / "promote.json", faults),
        replay=replay,
        evaluation=evaluation,
        suite_noise=_json(sources.outputs / "evaluate-aa.json", faults),
        proof=_json(sources.outputs / "prove.json", faults),
        manifest=_json(sources.dataset / MANIFEST, faults),
        lineage=lineage,
        ledger=_ledger(sources.dataset / LEDGER, faults),
        curves=list(_curves(sources, lineage, faults)),
        results=found,
        families=families(found.get("base", ()), found.get("adapter", ())),
        facts=list(_facts(config, sources.home)),
        faults=[*faults, *_strangers(sources, lineage, faults)],
        manifest_digest=manifest_digest(sources.dataset),
        made=datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC"),
        asks_suites=asks_suites(config.promote.conditions),
    )


def _nothing(config: ForgeConfig, replay: Mapping[str, Any] | None) -> str:
    """Return why nothing can be replayed; '' where something can.

    The stage says so in its file; before it has run, the skills do.
    """
    if replay is not None:
        return str(replay.get("nothing") or "")
    skills = skills_of(config)
    return str(no_environment(skills[0]).said) if all(map(_recorded, skills)) else ""


def _recorded(config: ForgeConfig) -> bool:
    return is_recorded(config.skill)


def families(base: Sequence[EvalResult], adapter: Sequence[EvalResult]) -> list[FamilyResult]:
    """Return both policies' rates by family, over the items judged for both."""
    own = {(one.skill, one.item_id): one for one in adapter if not one.infrastructure}
    several = len({one.skill for one in base}) > 1
    groups: dict[tuple[str, str], list[tuple[EvalResult, EvalResult]]] = {}
    for one in base:
        other = own.get((one.skill, one.item_id))
        if other is not None and not one.infrastructure:
            name = f"{one.skill}: {one.family}" if several else one.family
            groups.setdefault((one.part, name), []).append((one, other))
    order = {"new_rule": 0, "new_family": 1}
    keys = sorted(groups, key=lambda key: (order.get(key[0], 2), -len(groups[key]), key[1]))
    return [_family(name, part, groups[part, name]) for part, name in keys]


def _family(name: str, part: str, pairs: Sequence[tuple[EvalResult, EvalResult]]) -> FamilyResult:
    passed = [sum(pair[side].passed for pair in pairs) for side in (0, 1)]
    bounds = [wilson(count, len(pairs)) for count in passed]
    ends = [(bound.low, bound.high) for bound in bounds]
    return FamilyResult(name, part, len(pairs), *passed, *ends)


def _adapter(
    sources: Sources, replay: Mapping[str, Any] | None, faults: list[str]
) -> dict[str, Any] | None:
    """Return the lineage of the adapter the stages trained last, else of the one replayed.

    Without either, of the one that was trained by hand on this very dataset: a home may be
    shared, and have an adapter of that name from another project.
    """
    if found := _json(trained_folder(sources.outputs) / LINEAGE, faults):
        return found
    about = (replay or {}).get("candidate")
    if not isinstance(about, Mapping) or not about.get("digest"):
        by_hand = _json(registry.folder(sources.home) / sources.adapter / LINEAGE, faults) or {}
        trained_on = (by_hand.get("dataset") or {}).get("manifest")
        return by_hand if trained_on and trained_on == manifest_digest(sources.dataset) else None
    label = AdapterIdentity(str(about.get("name")), str(about["digest"])).label
    return _json(registry.folder(sources.home) / label / LINEAGE, faults)


def _results(folder: Path, faults: list[str]) -> dict[str, list[EvalResult]]:
    found = {}
    for label in LABELS:
        try:
            found[label] = result_files.read(folder / f"{label}.jsonl")
        except EvalError as error:
            faults.append(error.said)
    return found


def _ledger(path: Path, faults: list[str]) -> dict[str | None, int] | None:
    """Return how many rows the export's ledger gives each reason; None is kept."""
    if not path.is_file():
        return None
    found: Counter[str | None] = Counter()
    try:
        with path.open("rb") as file:
            for line in file:
                row = json.loads(line)
                found[None if row["kept"] else row["reason"]] += 1
    except (ValueError, KeyError) as error:
        faults.append(f"{path}: cannot be read ({error})")
        return None
    return dict(found)


def _curves(
    sources: Sources, lineage: Mapping[str, Any] | None, faults: list[str]
) -> Iterator[Curve]:
    """Yield each training's loss: DVCLive's curve, else the training's own log."""
    shown = 0
    for kind in KINDS:
        live = sources.outputs / "live" / kind / "plots" / "metrics" / "loss.tsv"
        if points := _points(_tsv(live), live, faults):
            shown += 1
            yield Curve(kind, points)
    if not shown and lineage and "key" in lineage:
        log = sources.home / "training" / str(lineage["key"]) / "metrics.jsonl"
        if points := _points(_log(log), log, faults):
            yield Curve("sft", points)


def _points(
    rows: Iterable[Mapping[str, Any]], path: Path, faults: list[str]
) -> list[tuple[int, float]]:
    """Return step and loss; of a step made twice, after a kill, the later one counts."""
    try:
        kept = {int(row["step"]): float(row["loss"]) for row in rows if "loss" in row}
    except (ValueError, KeyError, TypeError) as error:
        faults.append(f"{path}: cannot be read ({error})")
        return []
    return sorted(kept.items())


def _tsv(path: Path) -> Iterator[Mapping[str, Any]]:
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file, delimiter="\t")


def _log(path: Path) -> Iterator[Mapping[str, Any]]:
    if path.is_file():
        with path.open("rb") as file:
            yield from (json.loads(line) for line in file)


def _strangers(
    sources: Sources, lineage: Mapping[str, Any] | None, faults: list[str]
) -> Iterator[str]:
    """Yield a line for each file that is about another adapter than the one trained last."""
    for name in ("promote", "replay", "evaluate", "prove") if lineage else ():
        found = _json(sources.outputs / f"{name}.json", []) or {}
        about = found.get("candidate") or found.get("adapter") or {}
        if not isinstance(about, Mapping):
            yield f"{name}.json does not say which adapter it is about: make it again"
        elif about.get("digest") not in (None, lineage["digest"]):
            yield f"{name}.json is about another adapter, {about['digest'][:12]}: make it again"


def _facts(config: ForgeConfig, home: Path) -> Iterator[tuple[str, str]]:
    yield "recipe", config.recipe
    yield "forge", __version__
    yield "DVC", version("dvc")
    for name in config.worksets:
        try:
            stamp = worksets.read_stamp(worksets.folder(name, home))
        except ForgeError:
            continue
        if stamp:
            yield f"workset {name}", f"{stamp['variant']}, pins {stamp['digest']}"


def _json(path: Path, faults: list[str]) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        faults.append(f"{path}: cannot be read ({error})")
        return None
    if isinstance(found, dict):
        return found
    faults.append(f"{path}: holds no mapping")
    return None
