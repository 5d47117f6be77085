"""`forge adapter`: the adapters of the registry; look at one, compare two, verify, sign, remove."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.cli.columns import columns
from harness_forge.core.errors import ConfigError, TrainError
from harness_forge.core.numbers import count, counted, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness_forge.config.schema import ForgeConfig
    from harness_forge.registry.adapters.package import Adapter
    from harness_forge.registry.standing import Standing

SUMMARY = "list adapters, look at one, compare two, verify, sign, remove"
USAGE = (
    "[ls | show NAME | diff NAME NAME | verify NAME | sign NAME | rm NAME [--dry-run]]"
    " [key=value …]"
)
EXAMPLES = (
    "forge adapter ls",
    "forge adapter show stig-worker",
    "forge adapter diff stig-worker-1f2e3d4c5b6a stig-worker-6a5b4c3d2e1f",
    "forge adapter verify outputs/adapters/sft",
    "forge adapter sign stig-worker signing.key=key.pem",
    "forge adapter verify stig-worker signing.public_key=public.pem",
    "forge adapter rm stig-worker-1f2e3d4c5b6a --dry-run",
)
KEYS = ("model", "signing", "forge_home", "data_dir")
JSON = (
    "ls: an array of adapters with label, size, base, dataset, decision, aliases, servers; show:"
    " an object of one with its lineage; diff: first, second, facts, rows; verify: adapter, checks,"
    " fault; sign:"
    " adapter, signature, key; rm: adapter, names, freed bytes, removed"
)

DRY_RUN = "--dry-run"
_WORDS = {"ls": 0, "show": 1, "diff": 2, "verify": 1, "sign": 1, "rm": 1}
"""The actions, and how many names each takes."""

NOTHING = "there is no adapter yet: forge train"


def main(argv: list[str]) -> int:
    """Do one action; NAME is a name in the registry, the start of a hash, or a folder."""
    from harness_forge.cli import composed
    from harness_forge.cli.words import one_of, sort, unknown_flag

    words, flags, overrides = sort(argv, (DRY_RUN,))
    action = one_of(words.pop(0) if words else "ls", list(_WORDS), "action")
    if len(words) != _WORDS[action]:
        form = f"forge adapter {' '.join([action, *['NAME'] * _WORDS[action]])}"
        raise ConfigError("command line", f"{action} takes {counted(_WORDS[action], 'name')}", form)
    if flags and action != "rm":
        raise unknown_flag(DRY_RUN, ())
    config = composed(overrides)
    if action == "ls":
        return _list(config)
    if action == "show":
        return _show(config, words[0])
    if action == "diff":
        return _diff(config, *words)
    if action == "sign":
        return _sign(config, words[0])
    return _verify(config, words[0]) if action == "verify" else _remove(config, words[0], flags)


def _list(config: ForgeConfig) -> int:
    from harness_forge.cli.results import report
    from harness_forge.registry.standing import standings

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
    report(found, "\n".join(columns(rows)) if found else NOTHING)
    return 0


def _facts(home: Path, one: Standing) -> dict[str, Any]:
    from harness_forge.registry.adapters import taint
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
    return "; ".join([*said, *(["tainted"] if one["tainted"] else [])])


def _show(config: ForgeConfig, name: str) -> int:
    from harness_forge.cli.results import report
    from harness_forge.registry import standing

    home = Path(config.forge_home)
    adapter = _loaded(config, name)
    found = [one for one in standing.standings(home) if one.folder.resolve() == adapter.folder]
    facts = _facts(home, found[0]) if found else {"label": adapter.label, "digest": adapter.digest}
    facts |= {"folder": adapter.folder, "lineage": adapter.lineage}
    report(facts, "\n".join(_shown(adapter, facts)))
    return 0


def _shown(adapter: Adapter, facts: dict[str, Any]) -> Iterator[str]:
    base, data = adapter.lineage.get("base", {}), adapter.lineage.get("dataset", {})
    rows = data.get("rows")
    pairs = {
        "folder": str(adapter.folder),
        "size": size(facts["bytes"]) if "bytes" in facts else "",
        "hash": adapter.digest,
        "base": f"{base.get('name', 'unknown')} ({str(base.get('digest', ''))[:12]})",
        "licence": base.get("licence") or "unknown",
        "dataset": _dataset(data) + (f", {count(rows)} rows" if isinstance(rows, int) else ""),
        "manifest": data.get("manifest") or "none",
        "splits": ", ".join(adapter.fitted),
        "skills": ", ".join(data.get("skills") or ()) or "not said",
        "started from": (adapter.lineage.get("parent") or {}).get("name", ""),
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


def _loaded(config: ForgeConfig, name: str) -> Adapter:
    """Return the adapter of a folder, of a name in the registry, or of the start of its hash."""
    from harness_forge.registry.adapters.package import load

    return load(folder_of(config, name))


def folder_of(config: ForgeConfig, name: str) -> Path:
    """Return the folder of an adapter by its folder, name or the start of its hash."""
    from harness_forge.registry import standing
    from harness_forge.registry.adapters import registry

    if registry.is_folder(name):
        return Path(name)
    return standing.find(standing.standings(Path(config.forge_home)), name).folder


def _diff(config: ForgeConfig, first: str, second: str) -> int:
    from harness_forge.cli.results import report
    from harness_forge.registry.adapters.difference import differences

    one, other = _loaded(config, first), _loaded(config, second)
    found = differences(one, other)
    said, rows = _rows(config, one, other)
    facts = {"first": one.label, "second": other.label, "facts": found, "rows": rows}
    table = [("", one.label, other.label)]
    table += [(key, _cell(here), _cell(there)) for key, here, there in found]
    same = "they are one adapter: nothing differs"
    report(facts, "\n".join([*columns(table), "", said] if found else [same]))
    return 0


def _cell(value: Any) -> str:
    text = "not said" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


def _rows(config: ForgeConfig, one: Adapter, other: Adapter) -> tuple[str, dict[str, Any] | None]:
    """Return in words, and as facts, which rows were added; None where a dataset is gone."""
    from harness_forge.datasets.row_difference import dataset_with, row_difference

    parts = [adapter.lineage.get("dataset", {}) for adapter in (one, other)]
    if parts[0].get("digest") and parts[0].get("digest") == parts[1].get("digest"):
        return "rows: the same dataset", {"added": [], "removed": [], "same": parts[0].get("rows")}
    data = Path(config.data_dir)
    places = [dataset_with(part.get("manifest") or "", data) for part in parts]
    for adapter, place in zip((one, other), places, strict=True):
        if place is None:
            return (
                f"rows: not compared, no dataset under {data} is the one of {adapter.label}",
                None,
            )
    found = row_difference(*places)
    head = f"rows: {count(len(found.added))} added, {count(len(found.removed))} removed, "
    lines = [f"{head}{count(found.same)} in both"]
    for sign, ids in (("+", found.added), ("-", found.removed)):
        lines += [f"  {sign} {each}" for each in ids[:20]]
        lines += [f"  {sign} {count(len(ids) - 20)} more: --json has all"] if len(ids) > 20 else []
    return "\n".join(lines), {"added": found.added, "removed": found.removed, "same": found.same}


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
    from harness_forge.registry.signing import keys, signature, trust

    if config.signing.key is None:
        raise ConfigError("signing.key", "there is no key to sign with", f"make one: {keys.MAKE}")
    trust.demand_key(config.signing)
    folder = folder_of(config, name)
    describe(load(folder))
    signature.sign(folder, Path(config.signing.key))
    own = keys.public_pem(keys.private_key(Path(config.signing.key)))
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
