"""The README.md of a dataset, made from its manifest alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def card(manifest: Mapping[str, Any]) -> str:
    """Return the card.

    Its head names the data files, so that `load_dataset(folder)` does not take
    the ledger for examples.
    """
    rows = manifest["rows"]
    splits = {name: count for name, count in manifest["examples"].items() if count}
    return "\n".join(
        [
            "---",
            "configs:",
            "- config_name: default",
            "  data_files:",
            *(f"  - split: {name}\n    path: {name}.jsonl" for name in splits),
            "---",
            "",
            f"# {manifest['dataset']}",
            "",
            f"Written by harness-forge {manifest['forge_version']} from its own records: role "
            f"{manifest['role']}, skill {manifest['skill']}, format {manifest['format']}.",
            "",
            f"{rows['read']} rows read = {rows['kept']} kept + "
            f"{sum(rows['rejected'].values())} rejected. `ledger.jsonl` has one line for each, "
            "`manifest.json` the SQL, the settings and the hashes.",
            "",
            *_table("split", "examples", splits),
            *_table("rejected because", "rows", rows["rejected"]),
            *_table("policy", "rows kept", manifest["seen"]["policies"]),
            *_table("origin", "rows kept", manifest["seen"]["origins"]),
            *_table("evaluator", "rows kept", manifest["seen"]["evaluators"]),
            *_licences(manifest["licences"]),
        ]
    )


def _table(left: str, right: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    rows = [f"| {name} | {count} |" for name, count in counts.items()]
    return [f"| {left} | {right} |", "|---|---|", *rows, ""]


def _licences(licences: list[str]) -> list[str]:
    if not licences:
        return []
    return ["Prompts hold titles of rules, quoted from:", "", *(f"- {x}" for x in licences), ""]
