"""The README.md of an adapter, made from its lineage alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod
from typing import Any

from harness_forge.core.escapes import code, markdown
from harness_forge.core.numbers import count, seconds


def card(lineage: Mapping[str, Any], tensors: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the card: what it is, what it was made from, what was measured."""
    base, data, train = lineage["base"], lineage["dataset"], lineage["train"]
    measured, audit = lineage["measured"], lineage["audit"]
    weights = sum(prod(fact["shape"]) for fact in tensors.values())
    rows = [
        ("base model", f"{markdown(base['title'])} (`{base['digest'][:12]}`)"),
        ("dataset", f"{code(data['name'])}, {count(data['rows'])} rows (`{data['digest'][:12]}`)"),
        ("adapter", f"{train['adapter']}, rank {train['rank']}, alpha {train['alpha']}"),
        ("weights", f"{count(weights)} in {len(tensors)} matrices"),
        (
            "trained tokens",
            f"{count(audit['trained'])} of {count(audit['tokens'])} an epoch; prompts are masked",
        ),
        ("steps", count(measured["steps"])),
        ("loss", f"{measured['first_loss']:.3f} at first, {measured['last_loss']:.3f} at last"),
        ("time", f"{seconds(measured['seconds'])} on {train['hardware']}, {train['precision']}"),
    ]
    if "parent" in lineage:
        parent = lineage["parent"]
        rows.append(("started from", f"{markdown(parent['name'])} (`{parent['digest'][:12]}`)"))
        rows += [
            (kind.upper(), say(lineage[kind])) for kind, say in _SECOND.items() if kind in lineage
        ]
    if "tokens_per_s" in measured:
        rows.append(("pace", f"{count(measured['tokens_per_s'])} tokens/s"))
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
            "Made by `forge train`. `lineage.json` has every setting and hash.",
            "",
            "| | |",
            "|---|---|",
            *(f"| {key} | {value} |" for key, value in rows),
            "",
            *_quotes(data["licences"]),
        ]
    )


def _dpo(fact: Mapping[str, Any]) -> str:
    weight = f"weight of the chosen answer's own loss {fact['sft_weight']}"
    return f"{count(fact['pairs'])} pairs, beta {fact['beta']}, {weight}"


def _kto(fact: Mapping[str, Any]) -> str:
    weights = f"weights {fact['good_weight']} and {fact['bad_weight']}"
    answers = f"{count(fact['good'])} good and {count(fact['bad'])} bad answers"
    return f"{answers}, beta {fact['beta']}, {weights}"


_SECOND = {"dpo": _dpo, "kto": _kto}
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
