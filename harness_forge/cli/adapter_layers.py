"""Actions of `forge adapter` that make an adapter of others, or take weights of old ones away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.cli.columns import columns
from harness_forge.core.errors import ConfigError, TrainError
from harness_forge.core.numbers import percent, size

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig
    from harness_forge.registry.adapters.package import Adapter
    from harness_forge.registry.pruning import Prunable

MERGE, REBASE, PRUNE = "merge", "rebase", "prune"
REMOVE = "--remove"
"""Flag of prune: take the weights away; without it they are only listed."""
DAYS = "--days"
"""Flag of prune with a number: how old the decision must be."""
_OLD = 30


def merge(config: ForgeConfig, names: Sequence[str]) -> int:
    """Merge adapters into one with a name of its own."""
    from harness_forge.cli.adapter_names import loaded
    from harness_forge.cli.results import report
    from harness_forge.training.merging import merge as merged

    if config.merge.name is None:
        form = f"forge adapter merge {' '.join(names)} as=NEW"
        raise ConfigError("command line", "what is the merged adapter called?", form)
    done = merged(config, [loaded(config, name) for name in names], config.merge.name)
    adapter, lineage = done.adapter, done.adapter.lineage
    made, rank = lineage["merge"], lineage["train"]["rank"]
    of = " + ".join(f"{one['weight']:g} {one['name']}" for one in lineage["parents"])
    facts = {
        "adapter": adapter.label,
        "folder": adapter.folder,
        "new": done.new,
        "method": made["method"],
        "rank": rank,
        "distance": done.distance,
        "parents": lineage["parents"],
    }
    lines = [
        f"{adapter.label}: {'merged' if done.new else 'had been merged'} of {of}",
        f"  {made['method']}, rank {rank}; {_distance(done.distance)}",
        f"  {adapter.folder}",
        f"  in use only after the gate: {_gate(adapter.name)}",
    ]
    report(facts, "\n".join(lines))
    return 0


def _distance(share: float) -> str:
    if share < 1e-5:
        return "it changes the base model by exactly their weighted sum"
    return f"its change of the base model is {percent(share)} away from their weighted sum"


def _gate(name: str) -> str:
    return f"forge prove {name}, forge replay {name}, forge promote {name}"


def rebase(config: ForgeConfig, names: Sequence[str]) -> int:
    """Train an adapter's rows again, from the weights of another one."""
    from harness_forge.cli import train
    from harness_forge.cli.adapter_names import loaded
    from harness_forge.cli.results import report
    from harness_forge.training import rebasing, supervised

    if config.train.start is None:
        form = f"forge adapter rebase {names[0]} on=SHARED"
        raise ConfigError("command line", "what is it put on?", form)
    personal, shared = loaded(config, names[0]), loaded(config, config.train.start)
    rebasing.check(personal, shared)
    name = config.merge.name or f"{personal.name}-on-{shared.name}"
    own = rebasing.settings(config, personal, shared, name, _kept_dataset(config, personal))
    done = supervised.train(own, **train.telling())
    assert done is not None
    text = f"{train.summary(done)}\n  {personal.label} stays as it is; {_gate(name)}"
    report(train.facts(done) | {"personal": personal.label, "on": shared.label}, text)
    return 0


def _kept_dataset(config: ForgeConfig, adapter: Adapter) -> Path:
    """Return the folder of the rows that an adapter was trained on.

    Raises:
        TrainError: it is not there any more.
    """
    from harness_forge.datasets.row_difference import dataset_with

    if config.train.dataset:
        return Path(config.train.dataset)
    data, about = Path(config.data_dir), adapter.lineage.get("dataset") or {}
    found = dataset_with(str(about.get("manifest") or ""), data)
    if found is None:
        what = f"no dataset under {data} is the one that it was trained on ({about.get('name')})"
        hint = "data_dir=DIR that has it; or train.dataset=DIR to learn from these rows instead"
        raise TrainError(f"adapter {adapter.label}", what, hint)
    return found


def prune(config: ForgeConfig, days: str | None, *, remove: bool) -> int:
    """List rejected adapters whose weights nobody needs; with --remove take these away."""
    from harness_forge.cli.results import report
    from harness_forge.registry import pruning
    from harness_forge.serving.served import served_by

    home, age = Path(config.forge_home), _days(days)
    before = datetime.now(UTC) - timedelta(days=age)

    def used(name: str, label: str, digest: str) -> list[str]:
        return [word for words in served_by(home, name, label, digest) for word in words]

    found = pruning.rejected(home, before, used)
    gone = [one for one in found if not one.kept]
    for one in gone if remove else ():
        pruning.remove_weights(home, one)
    freed = sum(one.bytes for one in gone)
    facts = {
        "adapters": [
            {"adapter": one.label, "rejected": one.when, "bytes": one.bytes, "stays": one.kept}
            for one in found
        ],
        "freed": freed,
        "removed": remove,
    }
    report(facts, "\n".join(_pruned(found, freed, age, remove=remove)))
    return 0


def _days(given: str | None) -> float:
    try:
        days = float(given) if given is not None else _OLD
    except ValueError:
        days = -1.0
    if not 0 <= days < 36500:
        raise ConfigError("command line", f"{given} is no number of days", f"write: {DAYS}=30")
    return days


def _pruned(found: Sequence[Prunable], freed: int, age: float, *, remove: bool) -> list[str]:
    if not found:
        return ["no adapter with weights was rejected: nothing to remove"]
    verb = "removed" if remove else "would be removed"
    rows: list[tuple[Any, ...]] = [("adapter", "rejected", "weights", "")]
    rows += [
        (one.label, one.when[:10], size(one.bytes), f"stays: {one.kept}" if one.kept else verb)
        for one in found
    ]
    lines = columns(rows)
    if not freed:
        return [*lines, f"nothing to remove; {DAYS}={age:g} is the least age of a decision"]
    done = f"freed {size(freed)}" if remove else f"would free {size(freed)}: {_command(age)}"
    return [*lines, f"{done}; lineage, card, bill of materials and decisions stay"]


def _command(age: float) -> str:
    more = "" if age == _OLD else f" {DAYS}={age:g}"
    return f"forge adapter prune {REMOVE}{more}"
