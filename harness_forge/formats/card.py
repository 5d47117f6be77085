"""The README.md of a dataset, made from its manifest alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
            *_parts(manifest.get("parts", ())),
            *_table("rejected because", "rows", rows["rejected"]),
            *_table("policy", "rows kept", manifest["seen"]["policies"]),
            *_table("origin", "rows kept", manifest["seen"]["origins"]),
            *_table("evaluator", "rows kept", manifest["seen"]["evaluators"]),
            *_teachers(manifest["seen"]["origins"]),
            *_licences(manifest["licences"]),
        ]
    )


def _table(left: str, right: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    rows = [f"| {name} | {count} |" for name, count in counts.items()]
    return [f"| {left} | {right} |", "|---|---|", *rows, ""]


def _parts(parts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what each skill and role gave, the parts without rows among them."""
    if not parts:
        return []
    rows = [
        f"| {part['skill']} | {part['role']} | {part['rows']['read']} | {part['rows']['kept']} "
        f"| {part['examples']['train']} | {part['examples']['validation']} |"
        for part in parts
    ]
    head = ["| skill | role | rows read | kept | train | validation |", "|---|---|---|---|---|---|"]
    return [*head, *rows, ""]


def _teachers(origins: Mapping[str, int]) -> list[str]:
    if "teacher" not in origins:
        return []
    return [
        "Rows of origin `teacher` are reflections on a mistake that was made on purpose. Their "
        "diagnosis is true because the mistake is known; that such a reflection helps the next "
        "attempt was not measured.",
        "",
    ]


def _licences(licences: list[str]) -> list[str]:
    if not licences:
        return []
    return ["Prompts hold titles of rules, quoted from:", "", *(f"- {x}" for x in licences), ""]
