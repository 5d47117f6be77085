"""Precision and recall of redaction, kind by kind; writes the tables of docs/redaction.md.

python tests/datasets/redaction/measuring.py
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import fresh
import other_hands
from documents import IDENTITIES, SECRETS, documents
from drawing import Planted
from harmless import HARMLESS
from lookalikes import lookalikes
from planted import planted

from harness_forge.config.redaction import RedactionConfig
from harness_forge.datasets.redaction.redactor import Redactor

DOCS = Path(__file__).parents[3] / "docs/redaction.md"
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"


class Score(NamedTuple):
    """What became of one kind.

    Args:
        planted, found: values of this kind that stood in the texts, and that went.
        replaced, right: values replaced as this kind, and those that were planted.
    """

    planted: int
    found: int
    replaced: int
    right: int


def scores(texts: Iterable[Planted], harmless: Iterable[str]) -> dict[str, Score]:
    """Return the score of every kind, planted or reported."""
    redactor = Redactor(RedactionConfig(), b"measure" * 4)
    planted_, found, replaced, right = Counter(), Counter(), Counter(), Counter()
    for one in texts:
        text, _ = redactor.value(one.text)
        planted_[one.kind] += len(one.values)
        found[one.kind] += sum(value not in text for value in one.values)
        for finding in redactor.findings(one.text):
            replaced[finding.kind] += 1
            right[finding.kind] += any(_overlap(finding.value, value) for value in one.values)
    for text in harmless:
        for wrapped in (text, {"text": text}):
            replaced.update(redactor.value(wrapped)[1])
    kinds = sorted(set(planted_) | set(replaced))
    return {k: Score(planted_[k], found[k], replaced[k], right[k]) for k in kinds}


def _overlap(found: str, value: str) -> bool:
    return found in value or value in found


def measured() -> dict[str, Score]:
    """Return the scores of the corpus that the rules were made on."""
    return scores(planted(), lookalikes())


def unseen() -> dict[str, Score]:
    """Return the scores of the texts that were written afterwards."""
    return scores(fresh.planted(), fresh.LOOKALIKES)


def of_files(templates: list[str], seed: int = 41) -> Score:
    """Return the score of the second set's secrets or identities, of whatever kind."""
    return _in_all(documents(templates, seed))


def of_others(family: str = "") -> Score:
    """Return the score of one family of the keys in other hands' forms; '' for all."""
    texts = [*other_hands.bare(), *other_hands.named()]
    return _in_all(one for which, one in texts if family in ("", which))


def _in_all(texts: Iterable[Planted]) -> Score:
    redactor = Redactor(RedactionConfig(), b"measure" * 4)
    total = Score(0, 0, 0, 0)
    for one in texts:
        text, seen = redactor.text(one.text), redactor.findings(one.text)
        right = sum(any(_overlap(x.value, value) for value in one.values) for x in seen)
        gone = sum(value not in text for value in one.values)
        total = Score(*map(sum, zip(total, (len(one.values), gone, len(seen), right), strict=True)))
    return total


def tables() -> str:
    """Return what stands in the documentation, as Markdown."""
    corpus, later = measured(), unseen()
    lines = [
        f"{_sum(corpus, 0)} values of {sum(bool(s.planted) for s in corpus.values())} kinds, "
        f"{len(lookalikes())} look-alikes; then {_sum(later, 0)} values in longer texts that were "
        f"written after the rules, {len(fresh.LOOKALIKES)} look-alikes; then "
        f"{len(SECRETS) + len(IDENTITIES)} pieces of files and logs, {len(HARMLESS)} look-alikes.",
        "",
        "| kind | planted | gone | recall | replaced as this kind | of them planted | precision |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [_line(kind, score) for kind, score in corpus.items()]
    lines += [_line("**all**", _total(corpus)), _line("**written later**", _total(later))]
    lines += [
        _line("**files: credentials**", of_files(SECRETS)),
        _line("**files: who and where**", of_files(IDENTITIES)),
        *(_line(f"other hands: {one}", of_others(one)) for one in [*other_hands.BARE, "by name"]),
        _line("**other hands**", of_others()),
    ]
    return "\n".join(lines)


def _sum(found: dict[str, Score], place: int) -> int:
    return sum(score[place] for score in found.values())


def _total(found: dict[str, Score]) -> Score:
    return Score(*(_sum(found, place) for place in range(4)))


def _line(kind: str, score: Score) -> str:
    recall = f"{score.found / score.planted:.3f}" if score.planted else "-"
    precision = f"{score.right / score.replaced:.3f}" if score.replaced else "-"
    counts = (score.planted or "-", score.found if score.planted else "-", recall)
    return (
        "| " + " | ".join(map(str, (kind, *counts, score.replaced, score.right, precision))) + " |"
    )


def main() -> None:
    """Write the tables between their marks."""
    text = DOCS.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    DOCS.write_text(f"{head}{BEGIN}\n{tables()}\n{END}{tail}", encoding="utf-8")
    sys.stdout.write(tables() + "\n")


if __name__ == "__main__":
    main()
