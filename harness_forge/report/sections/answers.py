"""Flips both ways, and the two models' answers side by side. Only repeats are shortened."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness_forge.core.numbers import count, counted
from harness_forge.core.results import EvalResult
from harness_forge.report.html import Html, not_replayed, section, tag
from harness_forge.report.material import Material

OTHERS = 24
"""Answers shown besides the flips."""

_LINES = re.compile(r"^((?:[^\n]*\n){1,8}?)\1{3,}", re.MULTILINE)
_WORDS = re.compile(r"([^\n]{4,300}?)\1{3,}")
"""What a model that cannot stop repeats four times or more in a row: lines; within a line."""

Pair = tuple[EvalResult, EvalResult]
"""Base model and adapter on one item."""


def pairs(material: Material) -> list[Pair]:
    """Return the items that both were judged on, by skill and id."""
    by_key = {
        label: {(one.skill, one.item_id): one for one in material.results.get(label, ())}
        for label in ("base", "adapter")
    }
    both = sorted(by_key["base"].keys() & by_key["adapter"].keys())
    found = [(by_key["base"][key], by_key["adapter"][key]) for key in both]
    return [(a, b) for a, b in found if not (a.infrastructure or b.infrastructure)]


def flips(material: Material) -> Html:
    """Return the rules gained and lost, with how the other side failed."""
    found = pairs(material)
    if not found:
        gap = not_replayed("There are no results item by item.", material.nothing)
        return section("Flips", gap)
    gained = [(base, own) for base, own in found if own.passed and not base.passed]
    lost = [(base, own) for base, own in found if base.passed and not own.passed]
    return section(
        "Flips",
        tag("h3", f"Gained: {counted(len(gained), 'rule')} that only the adapter passes"),
        _list(gained, 0, "base"),
        tag("h3", f"Lost: {counted(len(lost), 'rule')} that only the base model passes"),
        _list(lost, 1, "adapter"),
        about="By rule, with the way the other of the two failed.",
    )


def side_by_side(material: Material) -> Html:
    """Return the answers before and after: every flip first, then others."""
    found = pairs(material)
    if not found:
        gap = not_replayed("There are no answers to show.", material.nothing)
        return section("Answers before and after", gap)
    turned = [pair for pair in found if pair[0].passed != pair[1].passed]
    rest = [pair for pair in found if pair[0].passed == pair[1].passed]
    # Spread over the families rather than the first ones of the alphabet.
    others = _spread(rest, OTHERS)
    text = (
        f"{counted(len(turned), 'flip')} and {count(len(others))} of the other {count(len(rest))}, "
        f"out of {count(len(found))} rules judged for both. All of them are in outputs/replay."
    )
    shown = [_details(*pair, open_=not at) for at, pair in enumerate([*turned, *others])]
    return section("Answers before and after", *shown, about=text)


def _spread(rest: list[Pair], most: int) -> list[Pair]:
    seen: dict[str, int] = {}
    ranked = []
    for pair in rest:
        rank = seen[pair[0].family] = seen.get(pair[0].family, 0) + 1
        ranked.append((rank, pair[0].item_id, pair))
    return [pair for _, _, pair in sorted(ranked, key=lambda one: one[:2])[:most]]


def _list(found: Iterable[Pair], failed: int, who: str) -> Html:
    rows = [
        tag(
            "li",
            tag("code", pair[0].item_id),
            tag("span", f" {who}: {mode(pair[failed])}", class_="note"),
        )
        for pair in found
    ]
    return tag("ul", rows, class_="plain columns") if rows else tag("p", "None.")


def mode(result: EvalResult) -> str:
    """Return how an attempt failed, in words."""
    return (result.failure_mode or "passed").replace("_", " ")


def _details(base: EvalResult, own: EvalResult, *, open_: bool) -> Html:
    turn = "both fail"
    if base.passed != own.passed:
        turn = "gained" if own.passed else "lost"
    elif own.passed:
        turn = "both pass"
    kind = {"gained": "passed", "lost": "failed"}.get(turn, "note")
    head = tag(
        "summary",
        tag("code", own.item_id),
        " ",
        tag("span", turn, class_=f"badge {kind}"),
        tag("span", f"{own.title} ({own.family}, {own.part.replace('_', ' ')})", class_="note"),
    )
    sides = (_side("base model", base), _side("adapter", own))
    return tag("details", head, tag("div", sides, class_="pair"), open=open_)


def _side(who: str, result: EvalResult) -> Html:
    kind = "passed" if result.passed else "failed"
    said = result.script if result.script is not None else result.answer
    form = "the script it called for" if result.script is not None else "no valid call; its words"
    return tag(
        "div",
        tag("h4", f"{who}: ", tag("span", mode(result), class_=kind), f", {form}"),
        tag("pre", collapsed(said) if said.strip() else "(nothing)"),
    )


def collapsed(text: str) -> str:
    """Return a text with each run of repeats shown once, and how often it goes on."""

    def once(found: re.Match[str]) -> str:
        unit = found[1]
        end = "\n" if unit.endswith("\n") else ""
        what = "same line" if unit.count("\n") == 1 else "the same"
        return f"{unit}[{what} {len(found[0]) // len(unit) - 1} more times]{end}"

    return _WORDS.sub(once, _LINES.sub(once, text))
