"""Writes the README.md of a dataset (its card) from its manifest alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness_forge.core.escapes import block, code, markdown
from harness_forge.core.numbers import count, percent


def card(manifest: Mapping[str, Any]) -> str:
    """Return the card.

    Its head names the data files, so that `load_dataset(folder)` does not take
    the ledger for examples.
    """
    rows, trace = manifest["rows"], f"forge trace {manifest['dataset']} train:1"
    splits = {name: lines for name, lines in manifest["examples"].items() if lines}
    return "\n".join(
        [
            *_head(splits, manifest.get("extension", "jsonl")),
            f"# {markdown(manifest['dataset'])}",
            "",
            f"Written by harness-forge {manifest['forge_version']} from its own records: role "
            f"{markdown(manifest['role'])}, skill {markdown(manifest['skill'])}, "
            f"format {markdown(manifest['format'])}.",
            "",
            f"{count(rows['read'])} rows read = {count(rows['kept'])} kept + "
            f"{count(sum(rows['rejected'].values()))} rejected. "
            "`ledger.jsonl` has one line for each, "
            "`manifest.json` the SQL, the settings and the hashes. "
            f"{code(trace)} shows where a line comes from.",
            "",
            *_table("split", "examples", splits),
            *_parts(manifest.get("parts", ())),
            *_table("rejected because", "rows", rows["rejected"]),
            *_pairs(manifest.get("pairs")),
            *_sources(manifest["seen"]),
            *_consent(manifest.get("consent") or {}),
            *_licences(manifest["licences"]),
            *_filters(manifest),
            *_redaction(manifest.get("redaction", {})),
            *_statements(manifest),
        ]
    )


def _head(splits: Mapping[str, int], extension: str) -> list[str]:
    return [
        "---",
        "configs:",
        "- config_name: default",
        "  data_files:",
        *(f"  - split: {name}\n    path: {name}.{extension}" for name in splits),
        "---",
        "",
    ]


def _table(left: str, right: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    rows = [f"| {markdown(name)} | {count(found)} |" for name, found in counts.items()]
    return [f"| {left} | {right} |", "|---|---|", *rows, ""]


def _pairs(counted: Mapping[str, Any] | None) -> list[str]:
    """Return the summary of possible, made and not made pairs."""
    if counted is None:
        return []
    not_made = counted["not_made"]
    summary = (
        f"{count(counted['possible'])} possible pairs of a pass and a failure to one prompt = "
        f"{count(counted['made'])} made + {count(sum(not_made.values()))} not made."
    )
    return [summary, "", *_table("pair not made because", "pairs", not_made)]


def _parts(parts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a table of parts by skill and role, including parts without rows."""
    if not parts:
        return []
    rows = [
        f"| {markdown(part['skill'])} | {markdown(part['role'])} | {count(part['rows']['read'])} "
        f"| {count(part['rows']['kept'])} | {count(part['examples']['train'])} "
        f"| {count(part['examples']['validation'])} |"
        for part in parts
    ]
    head = ["| skill | role | rows read | kept | train | validation |", "|---|---|---|---|---|---|"]
    return [*head, *rows, ""]


def _sources(seen: Mapping[str, Mapping[str, int]]) -> list[str]:
    runs = len(seen.get("runs", ()))
    return [
        "## Sources",
        "",
        f"Rows of {runs} run{'' if runs == 1 else 's'} of the store; what was kept, by who acted, "
        "who wrote the answer and who judged it:",
        "",
        *_table("policy", "rows kept", seen["policies"]),
        *_table("origin", "rows kept", seen["origins"]),
        *_table("evaluator", "rows kept", seen["evaluators"]),
        *_teachers(seen["origins"]),
    ]


def _consent(counts: Mapping[str, int]) -> list[str]:
    """Return rows by what their sources said of consent; manifests of before have none."""
    if not counts:
        return []
    return [
        "Whether those whose records they are agreed; `own` rows are of forge's own runs:",
        "",
        *_table("consent", "rows kept", counts),
    ]


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
    return [
        "Prompts hold titles of rules, quoted from:",
        "",
        *(f"- {markdown(x)}" for x in licences),
        "",
    ]


def _filters(manifest: Mapping[str, Any]) -> list[str]:
    """Return a table of the active filters: rejected rows and settings."""
    filters = manifest.get("filters", {})
    rows = [
        f"| {markdown(name)} | {count(found['rejected'])} | {_settings(found['settings'])} |"
        for name, found in filters.items()
    ]
    summary = [f"- {note}" for note in _notes(manifest)]
    if not rows and not summary:
        return []
    head = ["| filter | rows rejected | settings |", "|---|---|---|"] if rows else []
    return ["## Filters", "", *head, *rows, "", *summary, *([""] if summary else [])]


def _notes(manifest: Mapping[str, Any]) -> Iterator[str]:
    duplicates = manifest.get("duplicates", {})
    if duplicates.get("near"):
        yield f"near-duplicates of one work item: {_settings(duplicates)}"
    for name, found in manifest.get("filters", {}).items():
        yield from exact_counts(found.get("decided", {})) if name == "length" else ()
    yield from map(markdown, manifest.get("notes", ()))


def exact_counts(decided: Mapping[str, int]) -> Iterator[str]:
    """Yield how many rows' tokens had to be counted; nothing where `length` looked at none.

    Args:
        decided: rows that `length` decided `by_bounds` and those it `counted`.
    """
    counted, asked = decided.get("counted", 0), sum(decided.values())
    if asked:
        yield (
            f"length: decided exactly for all {count(asked)} rows, "
            f"{count(asked - counted)} by their bytes alone "
            f"(they bound the tokens), {count(counted)} ({percent(counted / asked)}) "
            "by counting tokens"
        )


def _settings(settings: Mapping[str, Any]) -> str:
    shown = {key: value for key, value in settings.items() if key != "enabled"}
    return (
        ", ".join(f"{markdown(key)} {code(_setting_text(value))}" for key, value in shown.items())
        or "none"
    )


def _setting_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _redaction(redaction: Mapping[str, Any]) -> list[str]:
    if not redaction.get("settings", {}).get("enabled"):
        return ["## Redaction", "", "Nothing was redacted: texts are as the store has them.", ""]
    replaced = redaction["replaced"]
    return [
        "## Redaction",
        "",
        "Values stand for others, the same for the same everywhere."
        if replaced
        else "Looked for, and nothing was found to replace.",
        "",
        *_table("kind", "replaced", replaced),
    ]


def _statements(manifest: Mapping[str, Any]) -> list[str]:
    """Return the SQL; parts with the same SQL share one block."""
    parts = manifest.get("parts") or [manifest]
    lines = ["## SQL", ""]
    for text in dict.fromkeys(part["sql"] for part in parts):
        sharing = [part for part in parts if part["sql"] == text]
        values = [
            markdown(f"{part['skill']} {part['role']}: {_setting_text(part['sql_values'])}")
            for part in sharing
        ]
        lines += [block(text, "sql"), "", f"Values bound: {'; '.join(values)}", ""]
    return lines
