"""Adapters: what they were made from, and what was decided on them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from harness_forge.core.account import account
from harness_forge.core.errors import ForgeError
from harness_forge.core.numbers import count, counted, number, seconds
from harness_forge.registry import approval, champion, decisions
from harness_forge.registry.adapters import registry, taint
from harness_forge.registry.adapters.identity import AdapterIdentity
from harness_forge.registry.adapters.package import LINEAGE
from harness_forge.registry.adapters.parents import merged, parents_of
from harness_forge.report.console import frame, messages
from harness_forge.report.console.exchange import PageAnswer, PageRefused, PageRequest, link
from harness_forge.report.console.guard import ConsoleSession
from harness_forge.report.console.pages import datasets
from harness_forge.report.console.site import ConsoleSite
from harness_forge.report.html import Html, missing, section, table, tag
from harness_forge.report.sections.decision import conditions
from harness_forge.store.marks import LONGEST

Line = Mapping[str, Any]


def labels(site: ConsoleSite) -> list[str]:
    """Return the adapters of the registry, each once, newest first."""
    places = [
        place
        for place in registry.folder(site.home).glob("*")
        if place.is_dir() and not place.is_symlink() and not place.name.startswith(".")
    ]
    return [place.name for place in sorted(places, key=_time, reverse=True)]


def _time(place: Path) -> float:
    try:
        return place.stat().st_mtime
    except OSError:  # it was removed meanwhile
        return 0.0


def show(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return every adapter with what was decided on it last."""
    del request
    lines, gap = _lines(site)
    current = {term.candidate.label: slot for slot, term in _champions(lines)}
    rows = [_row(site, label, lines, current) for label in labels(site)]
    head = ("adapter", "base model", "trained on", "decision", "state")
    body = table(head, rows, numeric=9)
    if not rows:
        body = missing("There is no adapter yet.", "forge train")
    return frame.page(session, "adapters", "Adapters", gap, body)


def one(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return one adapter: its lineage, and every decision on it, the last one first."""
    label = request.path[1]
    if label not in labels(site):
        raise PageRefused(404, f"there is no adapter {label[:80]!r}", "see the list of adapters")
    lineage = _lineage(site, label)
    lines, gap = _lines(site)
    own = [line for line in lines if _label(line) == label]
    shown = [_decision(line) for line in reversed(own)]
    if not shown:
        shown = [section("Decision", missing("Nothing was decided on it.", "forge promote"))]
    slots = [slot for slot, term in _champions(lines) if term.candidate.label == label]
    about = f"Champion of {', '.join(slots)}." if slots else "It is not a champion now."
    waits = [_approval(line, session) for line in approval.waiting(lines) if _label(line) == label]
    body = [gap, _tainted(site, lineage), *waits, _made_from(site, lineage), *shown]
    return frame.page(session, "adapters", f"Adapter {label}", *body, about=about)


def decide(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Approve or decline an adapter that waits for it, and return to its page."""
    del session
    label, no = request.path[1], bool(request.form.get("decline"))
    why = " ".join(request.form.get("why", "").split())
    if not why:
        raise PageRefused(400, "no reason was given", "go back and write why")
    say = partial(print, "forge ui:", file=sys.stderr)
    try:
        approval.approve(site.config, label, why[:LONGEST], account(), decline=no, say=say)
    except ForgeError as error:
        raise PageRefused(409, error.said, error.hint) from None
    site.after_decision(site.config, say)
    return PageAnswer(status=303, location=link("adapters", label))


def _approval(line: Line, session: ConsoleSession) -> Html:
    """Return what waits for a person, and the form for a yes or a no where it may be given."""
    before = line.get("champion_before")
    stays = f"{AdapterIdentity.of(before).label} stays" if before else "there is no champion"
    text = tag("p", f"The rule would make it champion. Until a person says yes, {stays}.")
    if not session.write:
        hint = tag("p", "Say it with ", tag("code", "forge approve"), ", or open the console with ",
                   tag("code", "ui.write=true"), ".", class_="note")  # fmt: skip
        return section("Waits for approval", text, hint)
    why = frame.text_field("why", "why", "", required=True, maxlength=LONGEST, class_="wide")
    yes = tag("button", "Approve", type="submit")
    no = tag("button", "Decline", type="submit", name="decline", value="1")
    action = link("adapters", _label(line), "decide")
    return section("Waits for approval", text, frame.form(session, action, why, yes, no))


def _lines(site: ConsoleSite) -> tuple[Sequence[Line], Html | None]:
    try:
        return decisions.read(site.home), None
    except ForgeError as error:
        what = f"The ledger of decisions is not shown: {error.said}."
        return [], tag("p", what, class_="gap")


def _champions(lines: Sequence[Line]) -> Iterator[tuple[str, champion.ChampionTerm]]:
    for slot in sorted(set(champion.slots_of(lines))):
        if stack := champion.champion_stack(lines, slot):
            yield slot, stack[-1]


def _label(line: Line) -> str:
    return AdapterIdentity.of(line["candidate"]).label


def _lineage(site: ConsoleSite, label: str) -> dict[str, Any]:
    """Return what an adapter was made from; nothing where that cannot be read."""
    try:
        place = registry.folder(site.home) / label / LINEAGE
        found = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _part(facts: Line, key: str) -> Line:
    value = facts.get(key)
    return value if isinstance(value, Mapping) else {}


def _row(site: ConsoleSite, label: str, lines: Sequence[Line], current: Mapping[str, str]) -> tuple:
    lineage = _lineage(site, label)
    base, data = _part(lineage, "base"), _part(lineage, "dataset")
    last = next((line for line in reversed(lines) if _label(line) == label), None)
    word = str(last["decision"]) if last else "none yet"
    state = f"champion of {current[label]}" if label in current else ""
    if label in {_label(line) for line in approval.waiting(lines)}:
        state = "waits for approval"
    if not lineage:
        state = "its lineage cannot be read"
    elif _tainted(site, lineage):
        state = f"{state}, tainted" if state else "tainted"
    badge = tag("span", word, class_=f"badge {word.replace(' ', '_')}")
    title = tag("a", label, href=link("adapters", label))
    return title, base.get("title") or base.get("name") or "", data.get("name") or "", badge, state


def _tainted(site: ConsoleSite, lineage: Line) -> Html | None:
    try:
        told = taint.says(site.home, str(lineage["digest"])) if "digest" in lineage else ""
    except ForgeError as error:
        told = str(error)
    return tag("p", f"It is tainted: {told}.", class_="gap") if told else None


def _made_from(site: ConsoleSite, lineage: Line) -> Html:
    if not lineage:
        return section("Lineage", tag("p", "Its lineage cannot be read.", class_="gap"))
    base, data, train = (_part(lineage, key) for key in ("base", "dataset", "train"))
    measured, parents = _part(lineage, "measured"), parents_of(lineage)
    pairs = [
        ("sha256", lineage.get("digest")),
        ("base model", f"{base.get('title') or base.get('name')} ({base.get('licence')})"),
        ("trained on", _dataset(site, data)),
        ("merged of" if merged(lineage) else "started from", _parents(site, parents)),
        ("method", ", ".join(f"{key} {train[key]}" for key in ("adapter", "rank", "precision",
                             "hardware", "seed") if key in train)),
        ("steps", count(measured["steps"]) if "steps" in measured else ""),
        ("took", seconds(measured["seconds"]) if "seconds" in measured else ""),
        ("loss", " to ".join(number(measured[key]) for key in ("first_loss", "last_loss")
                             if key in measured)),
        ("training", _training(site, lineage)),
        ("forge", lineage.get("forge_version")),
    ]  # fmt: skip
    whole = messages.folded("lineage.json", messages.pretty(lineage))
    return section("Lineage", frame.facts(pairs), whole)


def _dataset(site: ConsoleSite, data: Line) -> Any:
    name = str(data.get("name") or "")
    rows = data.get("rows")
    told = f"{name}, {counted(rows, 'row')}" if isinstance(rows, int) else name
    there = name in datasets.found(site)
    return tag("a", told, href=link("datasets", name)) if there else told


def _parents(site: ConsoleSite, parents: Sequence[Line]) -> Any:
    shown = [_parent(site, parent) for parent in parents]
    return shown[0] if len(shown) == 1 else tag("span", *_listed(shown)) if shown else ""


def _listed(shown: Sequence[Any]) -> Iterator[Any]:
    for place, one in enumerate(shown):
        yield from ([", "] if place else [])
        yield one


def _parent(site: ConsoleSite, parent: Line) -> Any:
    label = AdapterIdentity(str(parent.get("name")), str(parent["digest"])).label
    there = label in labels(site)
    return tag("a", label, href=link("adapters", label)) if there else label


def _training(site: ConsoleSite, lineage: Line) -> Any:
    key = str(lineage.get("key") or "")
    there = bool(key) and "/" not in key and (site.home / "training" / key).is_dir()
    return tag("a", key, href=link("trainings", key)) if there else key


def _decision(line: Line) -> Html:
    word = str(line["decision"])
    title = [tag("span", word, class_=f"badge {word.replace(' ', '_')}"), f", {_when(line)}"]
    shown = conditions(line["conditions"]) if line.get("conditions") else None
    return tag("section", tag("h2", *title), tag("p", str(line.get("why", ""))), shown)


def _when(line: Line) -> str:
    try:
        return frame.when(datetime.fromisoformat(str(line.get("time"))))
    except ValueError:
        return str(line.get("time") or "at no known time")
