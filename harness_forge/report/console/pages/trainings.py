"""Trainings: how far they are, while they run and afterwards."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness_forge.core.numbers import NONE, count, number, percent, seconds
from harness_forge.report import charts
from harness_forge.report.console import frame, messages
from harness_forge.report.console.exchange import PageAnswer, PageRefused, PageRequest, link
from harness_forge.report.console.guard import ConsoleSession
from harness_forge.report.console.site import ConsoleSite
from harness_forge.report.html import Html, missing, section, table, tag
from harness_forge.training.progress import Step, rate, steps_in, stretches

METRICS, LOG = "metrics.jsonl", "axolotl.log"
_LIVE_S = 120
"""Seconds without a new step after which a training is taken to be over or held up."""
_REFRESH_S = 5
_POINTS = 600
_TAIL = 16_000
"""Bytes of a log's end that are shown."""


def found(site: ConsoleSite) -> dict[str, Path]:
    """Return the folders of trainings by key, those with the newest step first."""
    places = [one for one in (site.home / "training").glob("*") if one.is_dir()]
    return {one.name: one for one in sorted(places, key=_changed, reverse=True)}


def show(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return every training with its last step."""
    del request
    rows = [_row(key, place) for key, place in found(site).items()]
    body = table(("training", "state", "step", "loss", "last step"), rows, numeric=2)
    if not rows:
        body = missing("There is no training yet.", "forge train")
    return frame.page(session, "trainings", "Trainings", body)


def one(site: ConsoleSite, request: PageRequest, session: ConsoleSession) -> PageAnswer:
    """Return one training; while it runs, the page asks for itself again."""
    key, places = request.path[1], found(site)
    if key not in places:
        raise PageRefused(404, f"there is no training {key[:60]!r}", "see the list of trainings")
    place, live = places[key], _live(places[key])
    steps = _steps(place / METRICS)
    body = [_progress(steps), _curve(steps), _log(place / LOG)]
    about = "It runs; the page is asked for again every 5 seconds." if live else _over(place)
    refresh = _REFRESH_S if live else 0
    title = f"Training {key}"
    return frame.page(session, "trainings", title, *body, about=about, refresh_s=refresh)


def _steps(path: Path) -> list[dict[str, Any]]:
    """Return the steps that were logged, those alone that are of a step's form."""
    try:
        return [one for one in steps_in(path) if _is_step(one)]
    except (OSError, TypeError):
        return []


def _is_step(fact: Mapping[str, Any]) -> bool:
    return all(isinstance(fact.get(k), int | float) for k in ("step", "steps", "loss", "elapsed_s"))


def _changed(place: Path) -> float:
    for name in (METRICS, "."):
        try:
            return (place / name).stat().st_mtime
        except OSError:
            continue
    return 0.0


def _live(place: Path) -> bool:
    return (place / METRICS).is_file() and time.time() - _changed(place) < _LIVE_S


def _over(place: Path) -> str:
    if not (place / METRICS).is_file():
        return "It has logged no step yet."
    return f"Its last step was logged {seconds(max(time.time() - _changed(place), 0))} ago."


def _row(key: str, place: Path) -> tuple:
    steps = _steps(place / METRICS)
    last = steps[-1] if steps else None
    state = "runs" if _live(place) else "over, or held up" if last else "no step yet"
    if last and last["step"] >= last["steps"]:
        state = "done"
    title = tag("a", key, href=link("trainings", key))
    when = frame.when(_utc(_changed(place))) if last else ""
    if last is None:
        return title, state, "", "", when
    at = f"{count(last['step'])} of {count(last['steps'])}"
    return title, state, at, number(last["loss"]), when


def _utc(value: float) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(value, UTC)


def _progress(steps: Sequence[Mapping[str, Any]]) -> Html:
    if not steps:
        return tag("p", "There is no step to show yet.", class_="gap")
    stretch = stretches(list(steps))[-1]
    first, last = stretch[0], stretch[-1]
    made, spent = last["step"] - first["step"], last["elapsed_s"] - first["elapsed_s"]
    left = (last["steps"] - last["step"]) * spent / made if made > 0 and spent > 0 else None
    now = Step(last["step"], last["steps"], last["loss"], rate(first, last), left)
    share = min(max(now.step / now.steps, 0), 1) if now.steps else 0
    figures = [
        ("Step", f"{count(now.step)} of {count(now.steps)}"),
        ("Loss", number(now.loss)),
        ("Tokens a second", count(now.tokens_per_s) if now.tokens_per_s is not None else NONE),
        ("Left", seconds(left) if left is not None else NONE),
    ]
    bar = tag("progress", percent(share), max=1, value=f"{share:.4f}", aria_label="steps made")
    shown = [tag("div", tag("dt", name), tag("dd", value)) for name, value in figures]
    return tag("div", bar, tag("dl", shown, class_="figures"))


def _curve(steps: Sequence[Mapping[str, Any]]) -> Html | None:
    # Of a step made twice, after a kill, the later one counts.
    points = sorted({int(one["step"]): float(one["loss"]) for one in steps}.items())
    points = [point for point in points if 0 <= point[1] < float("inf")]
    if len(points) < 2:
        return None
    apart = -(-len(points) // _POINTS)
    title = f"Loss by step, to step {count(points[-1][0])}"
    shown = charts.line([*points[:-1:apart], points[-1]], title)
    return section("Loss", tag("figure", shown, tag("figcaption", f"{title}.")))


def _log(path: Path) -> Html | None:
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - _TAIL, 0))
            text = file.read(_TAIL).decode("utf-8", "replace")
    except OSError:
        return None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[-40:]
    return section("End of its log", messages.folded(path.name, "\n".join(lines)))
