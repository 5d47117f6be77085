"""Datasets: their lines, and the rows that an export left out, with the ledger's reason."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness_forge.core.dataset_files import LEDGER, MANIFEST, STALE
from harness_forge.core.numbers import count
from harness_forge.report.console import frame
from harness_forge.report.console.exchange import PageAnswer, PageRefused, PageRequest, link
from harness_forge.report.console.guard import ConsoleSession
from harness_forge.report.console.pages import lines
from harness_forge.report.console.site import ConsoleSite
from harness_forge.report.html import Html, missing, section, table, tag

_DEPTH = ("*", "*/*")
"""Where datasets are looked for below the folder of datasets."""


def found(site: ConsoleSite) -> dict[str, Path]:
    """Return folders by name that are a dataset, or what is left of one, sorted."""
    places = [p for depth in _DEPTH for p in site.data.glob(depth) if not p.name.startswith(".")]
    kept = [p for p in places if any((p / name).is_file() for name in (MANIFEST, LEDGER))]
    return {str(place.relative_to(site.data)): place for place in sorted(kept)}


def show(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return every dataset."""
    del request
    places = found(site)
    head = ("dataset", "skill", "role", "format", "examples", "rows read", "left out")
    rows = [_row(name, place) for name, place in places.items()]
    body = table(head, rows, numeric=4)
    if not rows:
        body = missing(f"There is no dataset in {site.data} yet.", "forge export")
    return frame.page(session, "datasets", "Datasets", body)


def one(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return one dataset: what it is of, its files, the rows that were left out by reason."""
    name, folder = named(site, request)
    manifest, gap = _manifest(folder)
    seen = [(key, manifest.get(key)) for key in ("dataset", "skill", "role", "format", "created")]
    facts = frame.facts([*((key, _plain(value)) for key, value in seen), ("folder", folder)])
    body = [gap, _stale(folder), facts, _files(name, folder, manifest), _reasons(name, manifest)]
    return frame.page(session, "datasets", f"Dataset {name}", *body)


def named(site: ConsoleSite, request: PageRequest) -> tuple[str, Path]:
    """Return the name and the folder of the dataset that an address names.

    Only folders that were found are served, whatever the name leads to.

    Raises:
        PageRefused: there is none.
    """
    name, places = request.path[1], found(site)
    if name not in places:
        hint = f"there are: {', '.join(list(places)[:20])}" if places else "`forge export`"
        raise PageRefused(404, f"there is no dataset {name[:60]!r} in {site.data}", hint)
    return name, places[name]


def file(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return some lines of one of a dataset's files."""
    name, folder = named(site, request)
    if request.path[3] not in _data_files(folder):
        known = ", ".join(_data_files(folder)) or "none"
        raise PageRefused(
            404, f"{name} has no file {request.path[3][:60]!r}", f"there are: {known}"
        )
    return lines.examples(request, session, name, folder / request.path[3])


def left_out(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return some rows that the export left out."""
    name, folder = named(site, request)
    manifest, _ = _manifest(folder)
    return lines.left_out(site, request, session, name, folder, _rejected(manifest))


def _data_files(folder: Path) -> list[str]:
    """Return the names of files with lines for a training."""
    found = [*folder.glob("train*"), *folder.glob("validation*")]
    return sorted(place.name for place in found if place.is_file())


def _row(name: str, folder: Path) -> tuple:
    manifest, gap = _manifest(folder)
    rows, examples = _table_of(manifest, "rows"), _table_of(manifest, "examples")
    title: list[Any] = [tag("a", name, href=link("datasets", name))]
    if gap or (folder / STALE).exists():
        title.append(tag("span", " damaged" if gap else " stale", class_="missing"))
    whats = [_plain(manifest.get(key)) for key in ("skill", "role", "format")]
    counts = [sum(_numbers(examples)) if examples else None, rows.get("read"),
              sum(_numbers(_rejected(manifest))) if rows else None]  # fmt: skip
    return (title, *whats, *(count(n) if isinstance(n, int) else "" for n in counts))


def _manifest(folder: Path) -> tuple[dict[str, Any], Html | None]:
    """Return a manifest, and what is wrong with it; an empty one where it cannot be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if isinstance(manifest, dict):
            return manifest, None
        what = "holds no mapping"
    except FileNotFoundError:
        what = "is missing"
    except (OSError, ValueError, RecursionError) as error:
        what = f"cannot be read ({error})"
    return {}, missing(f"{folder / MANIFEST} {what}. The dataset is to be made again.",
                       "forge export")  # fmt: skip


def _stale(folder: Path) -> Html | None:
    if not (folder / STALE).exists():
        return None
    return missing("Rows of it were forgotten: it is stale and must be made again.", "forge export")


def _files(name: str, folder: Path, manifest: Mapping[str, Any]) -> Html:
    listed = _table_of(manifest, "files")
    there = _data_files(folder)
    wanted = [one for one in listed if one.startswith(("train", "validation"))]
    rows = []
    for each in sorted({*there, *wanted}):
        facts = listed.get(each)
        known = facts.get("lines") if isinstance(facts, Mapping) else None
        title = tag("a", each, href=link("datasets", name, "lines", each))
        state = "" if each in wanted else "not in the manifest"
        if each not in there:
            title, state = tag("code", each), "is gone"
        rows.append((title, state, count(known) if isinstance(known, int) else ""))
    if not rows:
        return section("Lines", tag("p", "It has no file with lines.", class_="gap"))
    return section("Lines", table(("file", "", "lines"), rows, numeric=2))


def _reasons(name: str, manifest: Mapping[str, Any]) -> Html:
    rejected = _rejected(manifest)
    rows = [
        (tag("a", reason.replace("_", " "), href=link("datasets", name, "left-out", reason=reason)),
         count(number))
        for reason, number in rejected.items() if isinstance(number, int)
    ]  # fmt: skip
    every = tag(
        "p", tag("a", "Every row that was left out", href=link("datasets", name, "left-out"))
    )
    shown = table(("reason", "rows"), rows) if rows else None
    return section("Rows left out, by reason", shown, every)


def _rejected(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return _table_of(_table_of(manifest, "rows"), "rejected")


def _table_of(facts: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = facts.get(key)
    return value if isinstance(value, Mapping) else {}


def _numbers(facts: Mapping[str, Any]) -> Iterator[int]:
    return (value for value in facts.values() if isinstance(value, int))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)[:200]
