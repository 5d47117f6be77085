"""`forge adapter`: the adapters of the registry; look at one, compare two, make one of others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.cli.adapter_diff import diff
from harness_forge.cli.adapter_layers import (
    DAYS,
    MERGE,
    PRUNE,
    REBASE,
    REMOVE,
    merge,
    prune,
    rebase,
)
from harness_forge.cli.adapter_names import folder_of, loaded
from harness_forge.cli.columns import columns
from harness_forge.core.errors import ConfigError, TrainError
from harness_forge.core.numbers import count, counted, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness_forge.config.schema import ForgeConfig
    from harness_forge.registry.adapters.package import Adapter
    from harness_forge.registry.standing import Standing

SUMMARY = "list adapters, look at one, compare two, verify, sign, merge, rebase, remove"
USAGE = (
    "[ls | show NAME | diff NAME NAME | verify NAME | sign NAME | rm NAME [--dry-run]"
    " | merge NAME NAME … as=NEW | rebase NAME on=SHARED [as=NEW]"
    " | prune [--days=30] [--remove]] [key=value …]"
)
EXAMPLES = (
    "forge adapter ls",
    "forge adapter show stig-worker",
    "forge adapter diff stig-worker-1f2e3d4c5b6a stig-worker-6a5b4c3d2e1f",
    "forge adapter verify outputs/adapters/sft",
    "forge adapter sign stig-worker signing.key=key.pem",
    "forge adapter verify stig-worker signing.public_key=public.pem",
    "forge adapter rm stig-worker-1f2e3d4c5b6a --dry-run",
    "forge adapter merge shared personal as=both",
    "forge adapter merge shared personal as=both merge.method=ties_svd merge.weights=[1,0.5]",
    "forge adapter rebase personal on=shared",
    "forge adapter prune --days=90",
)
KEYS = ("merge", "train", "model", "signing", "forge_home", "data_dir")
SHORT = {"as": "merge.name", "on": "train.start"}
JSON = (
    "ls: an array of adapters with label, size, base, dataset, decision, aliases, servers; show:"
    " an object of one with its lineage; diff: first, second, facts, rows; verify: adapter, checks,"
    " fault; sign:"
    " adapter, signature, key; rm: adapter, names, freed bytes, removed; merge: adapter, method,"
    " rank, distance, parents; rebase: as forge train, personal, on; prune: adapters, freed bytes,"
    " removed"
)

DRY_RUN = "--dry-run"
_WORDS = {
    **{"ls": (0, 0), "show": (1, 1), "diff": (2, 2), "verify": (1, 1), "sign": (1, 1)},
    **{"rm": (1, 1), MERGE: (2, 99), REBASE: (1, 1), PRUNE: (0, 0)},
}
"""The actions, and how many names each takes, at least and at most."""
_FLAGS = {"rm": (DRY_RUN,), PRUNE: (REMOVE, DAYS)}
_NEEDS = {MERGE: ("as=NEW",), REBASE: ("on=SHARED",)}
"""Settings without which an action does nothing."""

NOTHING = "there is no adapter yet: forge train"


def main(argv: list[str]) -> int:
    """Do one action; NAME is a name in the registry, the start of a hash, or a folder."""
    from harness_forge.cli import composed
    from harness_forge.cli.words import one_of, sort, valued

    days, argv = valued(argv, DAYS)
    words, flags, overrides = sort(argv, (DRY_RUN, REMOVE))
    action = one_of(words.pop(0) if words else "ls", list(_WORDS), "action")
    _check(action, words, [*flags, *([DAYS] if days else [])])
    config = composed(overrides)
    if action in (MERGE, REBASE):
        return (merge if action == MERGE else rebase)(config, words)
    if action == PRUNE:
        return prune(config, days, remove=bool(flags))
    if action == "ls":
        return _list(config)
    if action == "show":
        return _show(config, words[0])
    if action == "diff":
        return diff(config, *words)
    if action == "sign":
        return _sign(config, words[0])
    return _verify(config, words[0]) if action == "verify" else _remove(config, words[0], flags)


def _check(action: str, words: Sequence[str], flags: Sequence[str]) -> None:
    """Refuse flags and names that an action does not take."""
    from harness_forge.cli.words import unknown_flag

    (least, most), known = _WORDS[action], _FLAGS.get(action, ())
    for flag in flags:
        if flag not in known:
            raise unknown_flag(flag, known)
    if not least <= len(words) <= most:
        takes = counted(least, "name") + (" or more" if most > least else "")
        form = " ".join(["forge adapter", action, *["NAME"] * least, *_NEEDS.get(action, ())])
        raise ConfigError("command line", f"{action} takes {takes}", form)


def _list(config: ForgeConfig) -> int:
    from harness_forge.cli.results import report
    from harness_forge.registry.standing import standings
    from harness_forge.training.unfinished import unfinished

    home = Path(config.forge_home)
    found = [_facts(home, one) for one in standings(home)]
    rows = [("adapter", "size", "base", "dataset", "decision", "names", "served at")]
    rows += [
        (
            one["label"],
            size(one["bytes"]),
            str(one["base"].get("name") or "unknown"),
            _dataset(one["dataset"]),
            _decided(one),
            ", ".join([*one["names"], *one["aliases"]]),
            ", ".join(one["servers"]),
        )
        for one in found
    ]
    half = [f"half done: {one}" for one in unfinished(home)]
    report(found, "\n".join([*(columns(rows) if found else [NOTHING]), *half]))
    return 0


def _facts(home: Path, one: Standing) -> dict[str, Any]:
    from harness_forge.registry.adapters import taint
    from harness_forge.registry.adapters.package import WEIGHTS
    from harness_forge.registry.signing import signature
    from harness_forge.serving.served import served_by

    name = str(one.lineage.get("name") or "")
    aliases, servers = served_by(home, name, one.label, one.digest) if name else ([], [])
    return {
        "label": one.label,
        "names": one.names,
        "folder": one.folder,
        "bytes": one.bytes,
        "digest": one.digest,
        "base": {key: one.part("base").get(key) for key in ("name", "digest", "licence")},
        "dataset": {
            key: one.part("dataset").get(key) for key in ("name", "rows", "digest", "manifest")
        },
        "weights": (one.folder / WEIGHTS).exists(),
        "decision": one.decision,
        "champion_of": one.champion_of,
        "rollback_target_of": one.target_of,
        "signed": signature.is_signed(one.folder),
        "tainted": taint.says(home, one.digest) if one.digest else "",
        "aliases": aliases,
        "servers": servers,
    }


def _dataset(facts: dict[str, Any]) -> str:
    name, digest = facts.get("name"), str(facts.get("digest") or "")[:12]
    return f"{name} ({digest})" if name else "unknown"


def _decided(one: dict[str, Any]) -> str:
    said = [one["decision"] or "none yet"]
    if one["champion_of"]:
        said = [f"champion of {', '.join(one['champion_of'])}"]
    elif one["rollback_target_of"]:
        said.append(f"rollback target of {', '.join(one['rollback_target_of'])}")
    said += ["tainted"] if one["tainted"] else []
    return "; ".join([*said, *([] if one["weights"] else ["no weights"])])


def _show(config: ForgeConfig, name: str) -> int:
    from harness_forge.cli.results import report
    from harness_forge.registry import standing

    home = Path(config.forge_home)
    adapter = loaded(config, name)
    found = [one for one in standing.standings(home) if one.folder.resolve() == adapter.folder]
    facts = _facts(home, found[0]) if found else {"label": adapter.label, "digest": adapter.digest}
    facts |= {"folder": adapter.folder, "lineage": adapter.lineage}
    report(facts, "\n".join(_shown(adapter, facts)))
    return 0


def _shown(adapter: Adapter, facts: dict[str, Any]) -> Iterator[str]:
    from harness_forge.registry.adapters.parents import manifests_of

    base, data = adapter.lineage.get("base", {}), adapter.lineage.get("dataset", {})
    rows = data.get("rows")
    pairs = {
        "folder": str(adapter.folder),
        "size": size(facts["bytes"]) if "bytes" in facts else "",
        "hash": adapter.digest,
        "base": f"{base.get('name', 'unknown')} ({str(base.get('digest', ''))[:12]})",
        "licence": base.get("licence") or "unknown",
        "dataset": _dataset(data) + (f", {count(rows)} rows" if isinstance(rows, int) else ""),
        "manifest": ", ".join(manifests_of(adapter.lineage)) or "none",
        "splits": ", ".join(adapter.fitted),
        "skills": ", ".join(data.get("skills") or ()) or "not said",
        **_made_of(adapter.lineage),
        "forge": adapter.lineage.get("forge_version") or "unknown",
        "signed": {True: "yes", False: "no"}.get(facts.get("signed"), ""),
        "decision": _decided(facts) if "decision" in facts else "not in the registry",
        "names": ", ".join([*facts.get("names", ()), *facts.get("aliases", ())]),
        "served at": ", ".join(facts.get("servers", ())),
        "tainted": facts.get("tainted", ""),
    }
    yield adapter.label
    width = max(map(len, pairs))
    yield from (f"  {key:<{width}}  {value}" for key, value in pairs.items() if value)


def _made_of(lineage: dict[str, Any]) -> dict[str, str]:
    from harness_forge.registry.adapters.parents import merged, parents_of

    found = [f"{one.get('name')} ({str(one['digest'])[:12]})" for one in parents_of(lineage)]
    if not merged(lineage):
        return {"started from": ", ".join(found)}
    made = lineage["merge"]
    weights = ", ".join(f"{one['weight']:g}" for one in lineage["parents"])
    return {"merged of": ", ".join(found), "merged by": f"{made['method']}, weights {weights}"}


def _verify(config: ForgeConfig, name: str) -> int:
    from harness_forge.cli.results import report, show
    from harness_forge.registry.verification import verify

    folder = folder_of(config, name)
    show(str(folder))
    done = []
    try:
        for check in verify(config, folder):
            done.append(check)
            show(f"  {check.name:<12}{check.state:<13}{check.said}")
    except TrainError as error:
        report(
            {"adapter": folder, "checks": done, "fault": {"where": error.where, "what": error.what}}
        )
        raise
    report({"adapter": folder, "checks": done, "fault": None})
    return 0


def _sign(config: ForgeConfig, name: str) -> int:
    from harness_forge.cli.results import report
    from harness_forge.registry.adapters.package import SIGNATURE, describe, load
    from harness_forge.registry.signing import keys, own_key, signature, trust

    if config.signing.key is None:
        raise ConfigError("signing.key", "there is no key to sign with", f"make one: {keys.MAKE}")
    trust.demand_key(config.signing)
    folder = folder_of(config, name)
    describe(load(folder))
    signature.sign(folder, config.signing.key)
    own = own_key.public_pem(config.signing.key)
    hint = keys.TrustedKey(own).hint
    facts = {"adapter": folder, "signature": folder / SIGNATURE, "key": hint}
    report(facts, f"{folder.resolve().name}: signed with the key {hint[:12]}, in {SIGNATURE}")
    return 0


def _remove(config: ForgeConfig, name: str, flags: set[str]) -> int:
    from harness_forge.cli.results import report
    from harness_forge.registry import standing

    home = Path(config.forge_home)
    one = standing.find(standing.standings(home), name)
    facts = _facts(home, one)
    if facts["servers"]:
        what = f"is served at {', '.join(facts['servers'])}"
        raise TrainError(f"adapter {one.label}", what, "`forge serve stop`, or swap it out first")
    standing.check_removable(one)
    if not flags:
        standing.remove(home, one)
    lines = [f"{one.label}: {'would be removed' if flags else 'removed'}"]
    lines.append(f"  {'would free' if flags else 'freed'} {size(one.bytes)}")
    if one.names:
        lines.append(f"  names that mean nothing without it: {', '.join(one.names)}")
    lines.append("  not touched: copies in outputs/, DVC's cache, GGUF files, logs of its training")
    facts = {"adapter": one.label, "names": one.names, "freed": one.bytes, "removed": not flags}
    report(facts, "\n".join(lines))
    return 0
