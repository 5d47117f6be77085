"""The README.md of an adapter, made from its lineage alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from harness_forge.core.escapes import code, markdown
from harness_forge.core.numbers import count, percent, seconds
from harness_forge.registry.adapters.parents import merged, parents_of


def card(lineage: Mapping[str, Any], tensors: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the card: what it is, what it was made from, what was measured."""
    base, data, train = lineage["base"], lineage["dataset"], lineage["train"]
    verb = "adapter merge" if merged(lineage) else "train"
    weights = sum(prod(fact["shape"]) for fact in tensors.values())
    rows = [
        ("base model", f"{markdown(base['title'])} (`{base['digest'][:12]}`)"),
        ("dataset", f"{code(data['name'])}, {count(data['rows'])} rows (`{data['digest'][:12]}`)"),
        ("adapter", f"{train['adapter']}, rank {train['rank']}, alpha {train['alpha']}"),
        ("weights", f"{count(weights)} in {len(tensors)} matrices"),
        *(_merge(lineage) if merged(lineage) else _training(lineage)),
    ]
    if looks := lineage.get("looks"):
        head = f"ledger head `{looks['head']}`" if looks["head"] else "an empty ledger"
        rows.append(("looks at held-out items before", f"{looks['looks']} ({head})"))
    return "\n".join(
        [
            "---",
            "library_name: peft",
            f"license: {_word(base['licence'])}",
            "---",
            "",
            f"# {markdown(lineage['name'])} ({lineage['digest'][:12]})",
            "",
            f"Made by `forge {verb}`. `lineage.json` has every setting and hash.",
            "",
            "| | |",
            "|---|---|",
            *(f"| {key} | {value} |" for key, value in rows),
            "",
            *_quotes(data["licences"]),
        ]
    )


def _training(lineage: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    train, measured, audit = lineage["train"], lineage["measured"], lineage["audit"]
    # GRPO writes what it learns itself.
    if "grpo" not in lineage:
        told = f"{count(audit['trained'])} of {count(audit['tokens'])} an epoch; prompts are masked"
        yield "trained tokens", told
    yield "steps", count(measured["steps"])
    yield "loss", f"{measured['first_loss']:.3f} at first, {measured['last_loss']:.3f} at last"
    yield "time", f"{seconds(measured['seconds'])} on {train['hardware']}, {train['precision']}"
    for parent in parents_of(lineage):
        yield "started from", f"{markdown(parent['name'])} (`{parent['digest'][:12]}`)"
    for kind, say in _SECOND.items():
        if kind in lineage:
            yield kind.upper(), say(lineage[kind])
    if "tokens_per_s" in measured:
        yield "pace", f"{count(measured['tokens_per_s'])} tokens/s"


def _merge(lineage: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    made = lineage["merge"]
    for one in parents_of(lineage):
        name = f"{markdown(one['name'])} (`{one['digest'][:12]}`)"
        yield "merged of", f"{name}, weight {one['weight']:g}"
    kept = f", density {made['density']:g}" if "density" in made else ""
    away = f"{percent(made['distance'])} away from the weighted sum of their changes"
    yield "method", f"{made['method']}{kept}; {away}"


def _dpo(fact: Mapping[str, Any]) -> str:
    weight = f"weight of the chosen answer's own loss {fact['sft_weight']}"
    return f"{count(fact['pairs'])} pairs, beta {fact['beta']}, {weight}"


def _kto(fact: Mapping[str, Any]) -> str:
    weights = f"weights {fact['good_weight']} and {fact['bad_weight']}"
    answers = f"{count(fact['good'])} good and {count(fact['bad'])} bad answers"
    return f"{answers}, beta {fact['beta']}, {weights}"


def _grpo(fact: Mapping[str, Any]) -> str:
    reward = f"mean reward {fact['first_reward']:.2f} at first, {fact['last_reward']:.2f} at last"
    answers = f"{count(fact['answers'])} own answers, {fact['group']} a prompt"
    return f"{answers}, judged by {code(fact['evaluator'])}, beta {fact['beta']}, {reward}"


_SECOND = {"dpo": _dpo, "kto": _kto, "grpo": _grpo}
"""What a second stage's line says of it, by its kind."""


def _word(licence: object) -> str:
    """Return a licence in the spelling of a card's header."""
    return re.sub(r"[^a-z0-9.+_-]", "", str(licence).lower()) or "other"


def _quotes(licences: list[str]) -> list[str]:
    if not licences:
        return []
    return [
        "Its training rows quote titles from:",
        "",
        *(f"- {markdown(text)}" for text in licences),
        "",
    ]
