"""Adapters whose training rows were forgotten: a mark beside the registry, and on the card.

The mark is named by the adapter's content, so that a copy of the adapter is tainted too. The
weights are left as they are: nobody can take rows out of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.core.errors import TrainError
from harness_forge.core.files import write_json, write_text
from harness_forge.registry.adapters import bom, registry
from harness_forge.registry.adapters.package import LINEAGE, SIGNATURE, Adapter
from harness_forge.registry.adapters.parents import Lineage, manifests_of, merged, parents_of

CARD, HEAD = "README.md", "## Tainted"


@dataclass(frozen=True)
class AdapterSources:
    """What an adapter in the registry says it was made from; its weights are not read.

    Args:
        label: the name of its folder, with its hash.
        datasets: sha256 of the manifest of each dataset that it learned from.
        parents: digests of the adapters that it started from or was merged of.
        remake: the command that makes it anew.
    """

    folder: Path
    label: str
    digest: str
    datasets: tuple[str, ...]
    parents: tuple[str, ...]
    remake: str


def trained(home: Path) -> list[AdapterSources]:
    """Return the adapters of the registry, each once; one without a lineage is passed over."""
    return sorted(_trained(home), key=lambda one: one.label)


def _trained(home: Path) -> Iterator[AdapterSources]:
    for folder in registry.folder(home).glob("*"):
        if folder.is_symlink() or folder.name.startswith("."):
            continue
        try:
            lineage = json.loads((folder / LINEAGE).read_text(encoding="utf-8"))
            digest = str(lineage["digest"])
            parents = tuple(str(one["digest"]) for one in parents_of(lineage))
            remake = _remake(lineage, folder.name.removesuffix(f"-{digest[:12]}"))
            datasets = tuple(manifests_of(lineage))
        except (OSError, ValueError, KeyError, AttributeError):
            continue
        yield AdapterSources(folder, folder.name, digest, datasets, parents, remake)


def _remake(lineage: Lineage, name: str) -> str:
    """Return the command that makes an adapter anew."""
    parents = [str(one.get("name") or one["digest"][:12]) for one in parents_of(lineage)]
    if merged(lineage):
        return f"`forge adapter merge {' '.join(parents)} as={name}`"
    stage = next((kind for kind in bom.SECOND_STAGES if kind in lineage), "")
    verb, group = (f"train {stage}", stage) if stage else ("train", "train")
    start = f" train.start={parents[0]}" if parents and not stage else ""
    data = (lineage.get("dataset") or {}).get("name") or ""
    return f"`forge {verb} {group}.dataset=data/{data} {group}.name={name}{start}`"


def tainted_by(found: Sequence[AdapterSources], manifests: set[str]) -> list[AdapterSources]:
    """Return the adapters trained on one of the datasets, and those that were made of them.

    Args:
        manifests: sha256 of the manifests of datasets.
    """
    bad = {one.digest for one in found if manifests & set(one.datasets)}
    while more := {one.digest for one in found if bad & set(one.parents)} - bad:
        bad |= more
    return [one for one in found if one.digest in bad]


def mark(home: Path, one: AdapterSources, why: str, when: str) -> None:
    """Mark an adapter, and write it on its card; earlier reasons stay.

    The card of a signed adapter stays as it was signed: the mark alone says it.

    Raises:
        TrainError: the mark cannot be written.
    """
    place = _place(home, one.digest)
    facts = _facts(home, one.digest)
    reasons = [*(facts.get("reasons") or ()), {"why": why, "when": when}]
    try:
        write_json(place, {"adapter": one.label, "reasons": reasons, "remake": one.remake})
        if (one.folder / SIGNATURE).exists():
            return
        card = one.folder / CARD
        text = card.read_text(encoding="utf-8").partition(f"\n{HEAD}\n")[0]
        write_text(card, f"{text.rstrip()}\n\n{HEAD}\n\n{_sentence(reasons, one.remake)}.\n")
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise TrainError(str(place), what, "nothing was forgotten") from None


def says(home: Path, digest: str) -> str:
    """Return in a sentence why an adapter is tainted and what makes it anew; '' if it is not."""
    facts = _facts(home, digest)
    return _sentence(facts["reasons"], facts["remake"]) if facts else ""


def refuse(home: Path, adapter: Adapter) -> None:
    """Refuse to make another adapter of one whose rows were forgotten: it would hold them too.

    Raises:
        TrainError: it is such an adapter.
    """
    if told := says(home, adapter.digest):
        raise TrainError(f"adapter {adapter.label}", f"is tainted: {told}")


def note(home: Path, adapters: Sequence[Adapter]) -> list[str]:
    """Return a line for each tainted adapter."""
    told = [(adapter.label, says(home, adapter.digest)) for adapter in adapters]
    return [f"{label} is tainted: {sentence}" for label, sentence in told if sentence]


def _sentence(reasons: Sequence[dict[str, Any]], remake: str) -> str:
    told = "; ".join(f"{one['when'][:10]} ({one['why']})" for one in reasons)
    return f"rows that it was trained on were forgotten {told}: {remake} trains it anew"


def _place(home: Path, digest: str) -> Path:
    return home / "tainted" / f"{digest[:24]}.json"


def _facts(home: Path, digest: str) -> dict[str, Any]:
    place = _place(home, digest)
    try:
        return json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise TrainError(str(place), f"cannot be read: {error}") from None
