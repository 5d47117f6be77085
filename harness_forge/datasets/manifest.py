"""Builds the contents of manifest.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.version import __version__
from harness_forge.datasets import consent, mixing
from harness_forge.datasets.filters.building import build, notes
from harness_forge.datasets.formats.conversation import FORMS
from harness_forge.datasets.ledger import Ledger, ranked
from harness_forge.datasets.pair_counts import PairCount
from harness_forge.datasets.request import ExportPart, ExportReport, ExportRequest, Share, Treatment

if TYPE_CHECKING:
    from harness_forge.datasets.pipeline import Rows
    from harness_forge.datasets.sql.statement import Statement


def manifest(rows: Rows, request: ExportRequest, report: ExportReport) -> dict[str, Any]:
    """Return the manifest.

    A dataset of several parts has each part's share, settings and SQL under
    `parts`, also of a part that had no rows, and one watermark a skill.
    """
    alone = len(rows.parts) == 1
    return {
        "dataset": request.name,
        "skill": request.skill,
        "role": request.role,
        "format": request.format,
        "extension": request.extension,
        **({"turns": request.turns.value} if request.format in FORMS else {}),
        "forge_version": __version__,
        "schema_revision": _revision(rows.connection),
        **_watermark(rows.parts, alone),
        "rows": {"read": report.read, "kept": report.kept, "rejected": report.rejected},
        "examples": report.examples,
        **_pairs(report.pairs),
        "files": report.files,
        "seen": _seen(rows.ledgers),
        "consent": consent.counted(rows.connection, rows.parts, rows.ledgers),
        "held_out": rows.held_out_set.facts(),
        **_treated(rows, request.treatment, report),
        "licences": list(request.licences),
        **(_sent(rows.parts[0], rows.statements[0]) if alone else {"parts": _parts(rows, report)}),
    }


def _treated(rows: Rows, treatment: Treatment, report: ExportReport) -> dict[str, Any]:
    """Return what was done to rows besides their recipe's SQL, with counts.

    A filter's name is the reason it rejects for. `decided` is what a filter
    counted of its own work. `canonical` counts kept rows by what brought them
    into canonical form.
    """
    replaced = sum((ledger.redacted for ledger in rows.ledgers), Counter())
    redaction = treatment.redaction
    return {
        "filters": {
            name: {
                "settings": settings,
                "rejected": report.rejected.get(name, 0),
                **({"decided": dict(rows.tallies[name])} if name in rows.tallies else {}),
            }
            for name, settings in _switched_on(treatment)
        },
        **({"mix_in": rows.mixed} if rows.mixed else {}),
        **rows.weighting.facts(),
        "notes": [
            *(notes(treatment.filters) if treatment.filters else ()),
            *(mixing.notes(rows.mixed) if rows.mixed else ()),
            *rows.weighting.notes(),
        ],
        "duplicates": _plain(asdict(treatment.duplicates)),
        "redaction": {
            "settings": redaction.shown() if redaction else {"enabled": False},
            "replaced": ranked(replaced),
        },
        "canonical": ranked(sum((ledger.changed for ledger in rows.ledgers), Counter())),
        "seed": treatment.seed,
    }


def _switched_on(treatment: Treatment) -> list[tuple[str, dict[str, Any]]]:
    """Return the active filters with their settings."""
    if treatment.filters is None:
        return []
    every = _plain(asdict(treatment.filters))
    late = [name for name in ("balance", "source_cap", "mix_in") if every[name]["enabled"]]
    asked = [name for name, _ in build(treatment.filters, tokenizer=treatment.tokenizer)]
    return [(name, _placeless(every[name])) for name in (*asked, *late)]


def _placeless(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without paths of this machine."""
    return {
        key: Path(value).name if key in ("path", "model") and value else value
        for key, value in settings.items()
    }


def _watermark(parts, alone: bool) -> dict[str, Any]:
    if alone:
        return {"watermark": parts[0].store.watermark()}
    return {"watermarks": {part.skill: part.store.watermark() for part in _of_skills(parts)}}


def _of_skills(parts) -> list[ExportPart]:
    return list({part.skill: part for part in parts}.values())


def _parts(rows: Rows, report: ExportReport) -> list[dict[str, Any]]:
    # General data is one more share and one more ledger, and has no SQL.
    each = zip(rows.parts, report.parts, rows.ledgers, rows.statements, strict=False)
    return [
        {**_share(share), "seen": _seen([ledger]), **_sent(part, sent)}
        for part, share, ledger, sent in each
    ]


def _share(share: Share) -> dict[str, Any]:
    return {
        "skill": share.skill,
        "role": share.role,
        "rows": {"read": share.read, "kept": share.kept, "rejected": share.rejected},
        "examples": share.examples,
        **_pairs(share.pairs),
    }


def _pairs(counted: PairCount | None) -> dict[str, Any]:
    """Return the counts of pairs: possible, made, and not made by reason."""
    if counted is None:
        return {}
    not_made = ranked(counted.not_made)
    return {"pairs": {"possible": counted.possible, "made": counted.made, "not_made": not_made}}


def _sent(part: ExportPart, sent: Statement) -> dict[str, Any]:
    return {
        "settings": _plain(asdict(part.config)),
        "sql": sent.text,
        "sql_values": list(sent.values),
    }


def _seen(ledgers: list[Ledger]) -> dict[str, dict[str, int]]:
    names = ledgers[0].seen
    return {
        name: dict(sorted(sum((ledger.seen[name] for ledger in ledgers), Counter()).items()))
        for name in names
    }


def _revision(connection) -> str:
    return connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value
