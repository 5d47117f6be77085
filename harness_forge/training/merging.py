"""Merges adapters of one base model into a new one, and packages it like any other.

A server puts one adapter on a request, so layers that are to act together become one adapter.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.children import NoAnswer, answer_of
from harness_forge.core.errors import Interrupted, TrainError
from harness_forge.core.version import __version__
from harness_forge.registry.adapters import package, registry, shape, taint, tensors
from harness_forge.registry.adapters.package import CONFIG, WEIGHTS, Adapter
from harness_forge.registry.adapters.parents import manifests_of
from harness_forge.registry.adapters.shape import LoraShape
from harness_forge.registry.signing import trust
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.training import trained
from harness_forge.training.jobs import WORKSET
from harness_forge.worksets.worksets import environment_of, python_of

_WORKER = Path(__file__).with_name("merge_worker.py")
_COUNTS = ("rows", "tokens", "trained")


@dataclass(frozen=True)
class MergeResult:
    """The result of a merge.

    Args:
        new: False if the same merge was made before.
    """

    adapter: Adapter
    new: bool

    @property
    def distance(self) -> float:
        """How far the merged change is from the weighted sum of the adapters' changes.

        A share of that sum, over all layers (Frobenius norm); 0 where it is that sum.
        """
        return float(self.adapter.lineage["merge"]["distance"])


def merge(config: ForgeConfig, parents: Sequence[Adapter], name: str) -> MergeResult:
    """Merge adapters into one named `name`, or find it if this was done before.

    Args:
        parents: two or more, in the order of `merge.weights`.

    Raises:
        TrainError: they do not fit together, one may not be used here, or a key cannot sign.
        WorksetError: the train workset is not installed.
        Interrupted: Ctrl-C; nothing was written.
    """
    home = Path(config.forge_home)
    shapes = _fitting(config, parents, name)
    trust.demand_key(config.signing)
    settings = _settings(config, len(parents))
    said = json.dumps(["merge", [one.digest for one in parents], settings], sort_keys=True)
    key = sha256(said.encode()).hexdigest()[:16]
    out = registry.folder(home)
    if done := package.find(out, name, key):
        return MergeResult(trust.signed(done, config.signing), new=False)
    python, variables = python_of(WORKSET, home), environment_of(WORKSET, home)
    with tempfile.TemporaryDirectory(prefix="forge-merge-") as scratch:
        job = settings | {
            "adapters": [
                {"file": str(one.folder / WEIGHTS), "rank": form.rank, "alpha": form.alpha}
                for one, form in zip(parents, shapes, strict=True)
            ],
            "out": str(Path(scratch) / WEIGHTS),
        }
        done = _run(python, variables, job)
        form = {"r": done["rank"], "lora_alpha": done["rank"], "lora_dropout": 0.0}
        (Path(scratch) / CONFIG).write_text(
            json.dumps(tensors.read_config(parents[0].folder) | form), encoding="utf-8"
        )
        facts = _lineage(config, parents, key, settings, done)
        facts["tools"] = trained.tools(python)
        made = package.package(Path(scratch), name, out, facts)
    return MergeResult(trust.signed(made, config.signing), new=True)


def _settings(config: ForgeConfig, count: int) -> dict[str, Any]:
    own = config.merge
    weights = [float(one) for one in own.weights] or [1.0] * count
    if len(weights) != count:
        what = f"has {len(weights)} weights for {count} adapters"
        raise TrainError("merge.weights", what, "one for each, in the order of the command")
    seed = config.seed if own.seed is None else own.seed
    kept = {"density": own.density, "seed": seed} if own.method.drops else {}
    rank = {"rank": own.rank} if own.method.name.endswith("svd") else {}
    return {"method": own.method.name, "weights": weights, **kept, **rank}


def _fitting(config: ForgeConfig, parents: Sequence[Adapter], name: str) -> list[LoraShape]:
    """Return the shapes of adapters that may be merged.

    Raises:
        TrainError: they may not.
    """
    if len({one.digest for one in parents}) < max(2, len(parents)):
        hint = "name two or more, each once"
        raise TrainError("merge", "takes different adapters", hint)
    if name in {one.name for one in parents}:
        what = "is the name of one of them, and would mean the merged one from now on"
        raise TrainError(f"adapter {name}", what, "as=NAME of its own")
    for one in parents:
        trust.demand(one, config.signing)
        taint.refuse(Path(config.forge_home), one)
    first, *others = parents
    shapes = [shape.shape_of(one) for one in parents]
    for other, form in zip(others, shapes[1:], strict=True):
        _check_pair(first, other, shapes[0], form)
    if not config.merge.method.any_rank and len({form.rank for form in shapes}) > 1:
        ranks = " and ".join(str(form.rank) for form in shapes)
        what = f"{config.merge.method.name} takes one rank, and theirs are {ranks}"
        raise TrainError("merge.method", what, "merge.method=cat or svd takes any")
    return shapes


def _check_pair(first: Adapter, other: Adapter, form: LoraShape, other_form: LoraShape) -> None:
    where = f"adapters {first.label} and {other.label}"
    bases = [one.lineage.get("base") or {} for one in (first, other)]
    if not bases[0].get("digest") or bases[0].get("digest") != bases[1].get("digest"):
        names = ", ".join(f"{one.get('name')} ({str(one.get('digest'))[:12]})" for one in bases)
        hint = f"`forge adapter rebase {other.name} on={first.name}` trains the second on the first"
        raise TrainError(where, f"were trained on different base models: {names}", hint)
    if bases[0].get("template") != bases[1].get("template"):
        what = "were trained with different chat templates"
        raise TrainError(where, what, "train one again with the other's")
    if form.layers != other_form.layers:
        odd = sorted(set(form.layers.items()) ^ set(other_form.layers.items()))
        what = f"are on different layers, such as {odd[0][0]}"
        raise TrainError(where, what, "train one again with the other's model.target_modules")
    contexts = [set(one.prompt_contexts) for one in (first, other)]
    if all(contexts) and contexts[0] != contexts[1]:
        said = " and ".join(", ".join(sorted(one)) for one in contexts)
        what = f"were trained on prompts of different kinds (prompt.context={said})"
        raise TrainError(where, what, "no prompt would be right for both: export one again")


def _run(python: Path, variables: dict[str, str], job: dict[str, Any]) -> dict[str, Any]:
    try:
        return answer_of([python, "-P", _WORKER], variables, job)
    except KeyboardInterrupt:
        raise Interrupted("merge", "stopped", "nothing was written") from None
    except NoAnswer as ended:
        raise TrainError("merge", f"failed: {ended.last}") from None


def _lineage(
    config: ForgeConfig,
    parents: Sequence[Adapter],
    key: str,
    settings: dict[str, Any],
    done: dict[str, Any],
) -> dict[str, Any]:
    """Return the lineage of a merged adapter: whatever was true of one of them counts."""
    parts = [one.lineage.get("dataset") or {} for one in parents]
    trains = [one.lineage.get("train") or {} for one in parents]
    audits = [one.lineage.get("audit") or {} for one in parents]
    # A mask that was never checked for one of them was not checked for all.
    whole = all(type(one.get(count)) is int for one in audits for count in _COUNTS)
    said = {name: value for name, value in settings.items() if name != "weights"}
    return {
        "key": key,
        "forge_version": __version__,
        "base": parents[0].lineage["base"],
        "parents": [
            {"name": one.name, "digest": one.digest, "weight": weight}
            for one, weight in zip(parents, settings["weights"], strict=True)
        ],
        "merge": said | {"distance": round(done["distance"], 6)},
        "dataset": {
            "name": " + ".join(dict.fromkeys(str(part.get("name")) for part in parts)),
            "rows": sum(part.get("rows") or 0 for part in parts),
            "splits": _union(one.fitted for one in parents),
            "digest": sha256("".join(str(p.get("digest")) for p in parts).encode()).hexdigest(),
            "manifest": "",
            "manifests": _union(manifests_of(one.lineage) for one in parents),
            **{
                name: _union(part.get(name) or () for part in parts)
                for name in ("licences", "skills", "roles", "prompt_contexts")
            },
        },
        "train": {
            # The proof of an adapter that was trained on four bits asks for more.
            "adapter": "qlora" if "qlora" in [one.get("adapter") for one in trains] else "lora",
            "rank": done["rank"],
            "alpha": done["rank"],
        },
        "audit": {name: sum(one[name] for one in audits) for name in _COUNTS} if whole else {},
        "looks": HoldoutLedger(config.budget, Path(config.forge_home)).state().facts(),
        "measured": {},
    }


def _union(lists: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(value for values in lists for value in values))
