"""What was checked beside the replay: the suites that lm-eval asked, and the proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness_forge.core.numbers import NONE, count, counted, number, percent, points
from harness_forge.report.html import Html, missing, section, table, tag
from harness_forge.report.material import LABELS, Material

_SIDES = ("base", "adapter")
_FIXED = "fixed"


def render(material: Material) -> Html:
    """Return every suite's metrics by part and category, and what the proof measured."""
    return section("Form of the answers, and proof", *_suites(material), _proof(material))


def _suites(material: Material) -> Iterator[Html]:
    found = material.evaluation
    if found is None and not material.asks_suites:
        yield tag("p", "No suite was evaluated; the recipe's rule asks for none.", class_="note")
        return
    if found is None:
        yield missing("lm-eval has not scored the answers.", "forge evaluate")
        return
    noise = _by_name(material.suite_noise or {})
    # Of several the first is also the file's own report.
    several = found.get("suites") or {found["suite"]: found}
    for name, report in several.items():
        yield tag("h3", f"Suite {name}")
        yield tag("p", _about(report, noise.get(name)), class_="about")
        yield _parts(report)
        if report.get("categories"):
            yield _categories(report)
        yield from (tag("p", text, class_="note") for text in _remarks(report))


def _by_name(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return found.get("suites") or ({found["suite"]: found} if "suite" in found else {})


def _about(report: Mapping[str, Any], noise: Mapping[str, Any] | None) -> str:
    where = "fixed items" if report["split"] == _FIXED else report["split"]
    text = f"lm-eval, suite {report['suite']} version {report['version']}, on {where}."
    if noise and noise.get("fingerprint") == report.get("fingerprint"):
        who = "the adapter" if noise.get("candidate") else "the base model"
        items = counted(noise["labels"]["change"]["all"]["items"], "item")
        text += f" Asked twice, {who} flips {len(noise['flips'])} of {items}"
        text += f" and answers {noise['other_words']} in other words."
    return text


def _parts(report: Mapping[str, Any]) -> Html:
    metrics = report["metrics"]
    rows = [
        (
            LABELS.get(label, label),
            tag("code", part),
            count(means["items"]),
            *(percent(means.get(name)) for name in metrics),
        )
        for label, parts in report["labels"].items()
        for part, means in parts.items()
        if part != _FIXED  # all of them, once more
    ]
    head = ("policy", "part", "items", *(_words(name) for name in metrics))
    return table(head, rows, numeric=2)


def _categories(report: Mapping[str, Any]) -> Html:
    """Return each metric of both sides, category by category."""
    table_of, metrics = report["categories"], report["metrics"]
    sides = [side for side in _SIDES if side in table_of]
    names = report.get("category_names") or dict.fromkeys(
        name for side in sides for name in table_of[side]
    )
    both = len(sides) == len(_SIDES)
    head = ["category", "items"]
    for name in metrics:
        head += [f"{_words(name)}, {side}" for side in sides]
        head += ["difference in points"] if both and name == metrics[0] else []
    rows = []
    for category in names:
        cells = [table_of[side].get(category) or {} for side in sides]
        row = [category, count(max((cell.get("items", 0) for cell in cells), default=0))]
        for name in metrics:
            values = [cell.get(name) for cell in cells]
            row += [percent(value) for value in values]
            row += [_gap(values)] if both and name == metrics[0] else []
        rows.append(row)
    return table(head, rows)


def _gap(values: list[float | None]) -> str:
    base, adapter = values
    return NONE if base is None or adapter is None else points(adapter - base)


def _remarks(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield remarks on what the tables do not show."""
    for label, names in (report.get("below") or {}).items():
        if names:
            text = ", ".join(_words(name) for name in names)
            yield f"Below the suite's threshold, {LABELS.get(label, label)}: {text}."
    left = max(
        (parts["all"].get("infrastructure", 0) for parts in report["labels"].values()), default=0
    )
    if left:
        items = counted(left, "item")
        yield f"{items} left out of every policy: the sandbox failed, not the answer."


def _words(name: str) -> str:
    return name.replace("_", " ")


def _proof(material: Material) -> Html:
    found = material.proof
    if found is None:
        return missing("It is not proven that the adapter is live.", "forge prove")
    apart = found.get("logits", {}).get("kl_nats")
    text = "The adapter is proven live"
    if apart is not None:
        text += ": on probe prompts its next-token distribution lies "
        text += f"{number(apart)} nats from the base's"
    return tag("p", f"{text}.")
