"""HumanEval from a local copy: functions to complete, judged by running their tests.

The file is HumanEval's own: JSON lines, plain or .gz, with `task_id`, `prompt`,
`entry_point` and `test`. A model's code runs only in the sandbox
(`lmeval/programs.py`); without one the suite is refused.
"""

from __future__ import annotations

from harness_forge.config.suite import SuiteConfig
from harness_forge.core.errors import EvalError
from harness_forge.evaluation.lmeval.folder import Document
from harness_forge.evaluation.suites import reading

LAYOUT = "HumanEval.jsonl or HumanEval.jsonl.gz"

_FIELDS = ("task_id", "prompt", "entry_point", "test")
_ASK = (
    "Complete this Python function. Answer with the whole function, its imports included, in "
    "one fenced block.\n\n```python\n{prompt}```"
)


def load(suite: SuiteConfig) -> list[Document]:
    """Return the functions to complete, in the file's order.

    Raises:
        EvalError: there is no such file, or a line of it cannot be used.
    """
    path = reading.copy_of(suite, LAYOUT)
    files = sorted(path.glob("HumanEval.jsonl*")) if path.is_dir() else [path]
    if not files:
        raise EvalError(f"suite {suite.name}", f"{path} holds no HumanEval.jsonl", LAYOUT)
    return [_document(suite, where, row) for where, row in reading.rows(files[0])]


def _document(suite: SuiteConfig, place: str, row) -> Document:
    item_id, prompt, entry, test = (
        reading.field(row, name, str, place)
        for name in ("task_id", "prompt", "entry_point", "test")
    )
    if not entry.isidentifier():
        raise EvalError(place, f"entry_point {entry!r} is no name")
    return Document(
        skill=suite.name,
        item_id=item_id,
        title=entry,
        family=item_id,
        group_key=item_id,
        part=reading.FIXED,
        messages=[{"role": "user", "content": _ASK.format(prompt=prompt)}],
        tools=[],
        check={"kind": "code", "entry_point": entry, "prefix": prompt, "test": test},
    )
