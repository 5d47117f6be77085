"""MMLU from a local copy: questions with four choices; the likeliest counts as the answer.

Two layouts: `test/<subject>_test.csv` without a header (question, four choices,
the right letter), as its authors distribute it; or files of JSON lines with
`question`, `choices`, `answer` (index of the right one, from 0) and `subject`.
Subjects are the categories.

The question goes through the model's chat template without examples. So the
scores compare the same model before and after; they are not comparable with
tables made with five examples.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from harness_forge.config.suite import SuiteConfig
from harness_forge.core.errors import EvalError
from harness_forge.evaluation.lmeval.folder import Document
from harness_forge.evaluation.suites import reading

LETTERS = "ABCD"
LAYOUT = "test/<subject>_test.csv, or JSON lines with question, choices, answer, subject"

_SYSTEM = "Answer the question about {subject} with the letter of the right answer."

Question = tuple[str, str, list[str], int]


def load(suite: SuiteConfig) -> list[Document]:
    """Return the questions, subject by subject.

    Raises:
        EvalError: there is no such file, or a line of one cannot be used.
    """
    path = reading.copy_of(suite, LAYOUT)
    tables = sorted((path / "test").glob("*_test.csv")) if path.is_dir() else []
    lines = sorted(path.glob("*.jsonl*")) if path.is_dir() else [path]
    asked = [one for file in tables for one in _table(file)]
    asked += [one for file in lines for one in _lines(file)]
    if not asked:
        raise EvalError(f"suite {suite.name}", f"{path} holds no question", LAYOUT)
    return [_document(suite, number, one) for number, one in enumerate(asked)]


def _table(file: Path) -> Iterator[Question]:
    subject = file.name.removesuffix("_test.csv")
    try:
        with file.open(encoding="utf-8", newline="") as text:
            for number, row in enumerate(csv.reader(text), start=1):
                if len(row) != 6 or row[5].strip() not in LETTERS or not row[5].strip():
                    what = "is no question: wanted question, four answers, a letter"
                    raise EvalError(f"{file}:{number}", what)
                yield subject, row[0], row[1:5], LETTERS.index(row[5].strip())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvalError(str(file), f"cannot be read ({error})") from None


def _lines(file: Path) -> Iterator[Question]:
    for place, row in reading.rows(file):
        choices = reading.field(row, "choices", list, place)
        right = reading.field(row, "answer", int, place)
        if len(choices) != len(LETTERS) or right not in range(len(LETTERS)):
            raise EvalError(place, f"wanted {len(LETTERS)} choices, and answer from 0 to 3")
        question = reading.field(row, "question", str, place)
        yield str(row.get("subject", "")), question, [str(one) for one in choices], right


def _document(suite: SuiteConfig, number: int, asked: Question) -> Document:
    subject, question, choices, right = asked
    lettered = [f"{letter}. {one}" for letter, one in zip(LETTERS, choices, strict=True)]
    body = "\n".join([question, *lettered])
    system = _SYSTEM.format(subject=subject.replace("_", " ") or "general knowledge")
    return Document(
        skill=suite.name,
        item_id=f"mmlu-{number}",
        title=question[:80],
        family=subject,
        group_key=f"mmlu-{number}",
        part=reading.FIXED,
        messages=[{"role": "system", "content": system}, {"role": "user", "content": body}],
        tools=[],
        category=subject,
        check={"kind": "choice", "answer": LETTERS[right]},
        choices=tuple(LETTERS),
    )
