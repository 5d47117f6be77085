"""Function calling in the format of the Berkeley Function Calling Leaderboard.

A folder has `BFCL_v<n>_<category>.json` (JSON lines) and, for each, the allowed
answers: in `possible_answer/` under the same name, or beside it as
`possible_answer_BFCL_v<n>_<category>.json`. The category `irrelevance` has none:
the right answer makes no call. Skipped are categories with calls that BFCL runs in
simulators (multi_turn, memory, web_search …), and those of languages other than
Python, because matching cannot score them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from harness_forge.config.suite import SuiteConfig
from harness_forge.core.errors import ConfigError, EvalError
from harness_forge.evaluation.lmeval.folder import Document
from harness_forge.evaluation.suites import reading

_NAME = re.compile(r"BFCL_v\d+_(\w+)\.jsonl?")
_MATCHED = re.compile(r"(live_)?(simple(_python)?|multiple|parallel|parallel_multiple)")
_NO_CALL = re.compile(r"(live_)?irrelevance")
_JSON_TYPES = {"dict": "object", "float": "number", "tuple": "array", "any": "string"}


def load(suite: SuiteConfig) -> list[Document]:
    """Return the items of every category that can be matched, category by category.

    Raises:
        EvalError: there is no such file, or a line of one cannot be used.
        ConfigError: a requested category cannot be matched.
    """
    path = reading.copy_of(suite, "BFCL_v<n>_<category>.json and its possible answers")
    files = {
        match.group(1): file
        for file in sorted(path.iterdir() if path.is_dir() else [path])
        if (match := _NAME.fullmatch(file.name))
    }
    for name in suite.categories:
        if name in files and not _asked(name):
            hint = "leave it out: BFCL runs its calls in simulators, or in another language"
            raise ConfigError(f"suite {suite.name}: categories", f"{name} is not matched", hint)
    return [
        document
        for category, file in files.items()
        if _asked(category)
        for document in _category(suite, category, file)
    ]


def _asked(category: str) -> bool:
    return bool(_MATCHED.fullmatch(category) or _NO_CALL.fullmatch(category))


def _category(suite: SuiteConfig, category: str, file: Path) -> list[Document]:
    truths = {} if _NO_CALL.fullmatch(category) else _answers(file)
    found = []
    for place, row in reading.rows(file):
        item_id = reading.field(row, "id", str, place)
        if truths and item_id not in truths:
            raise EvalError(place, f"{item_id} has no possible answer")
        found.append(_document(suite, category, place, row, truths.get(item_id, [])))
    return found


def _answers(file: Path) -> dict[str, list[Any]]:
    for answers in (file.parent / "possible_answer" / file.name,
                    file.with_name(f"possible_answer_{file.name}")):  # fmt: skip
        if answers.exists():
            return {
                reading.field(row, "id", str, place): _truth(row, place)
                for place, row in reading.rows(answers)
            }
    raise EvalError(str(file), "its possible answers are missing", f"possible_answer/{file.name}")


def _truth(row: dict[str, Any], place: str) -> list[Any]:
    truth = reading.field(row, "ground_truth", list, place)
    if not all(isinstance(call, dict) and len(call) == 1 for call in truth) or not truth:
        raise EvalError(place, "ground_truth is no list of calls")
    return truth


def _document(suite: SuiteConfig, category: str, place: str, row, truth: list[Any]) -> Document:
    turns = reading.field(row, "question", list, place)
    functions = reading.field(row, "function", list, place)
    if len(turns) != 1 or not isinstance(turns[0], list):
        raise EvalError(place, f"has {len(turns)} turns, where one is matched")
    return Document(
        skill=suite.name,
        item_id=row["id"],
        title=row["id"],
        family=row["id"],
        group_key=row["id"],
        part=reading.FIXED,
        messages=turns[0],
        tools=[_tool(function) for function in functions],
        category=category,
        check={"kind": "calls", "truth": truth, "schemas": functions},
    )


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    """Return a function with a JSON Schema; BFCL's types are Python's."""
    return {"type": "function", "function": function | {
        "parameters": _schema(function.get("parameters") or {})
    }}  # fmt: skip


def _schema(part: Any) -> Any:
    if isinstance(part, list):
        return [_schema(one) for one in part]
    if not isinstance(part, dict):
        return part
    found = {key: _schema(one) for key, one in part.items()}
    if isinstance(part.get("type"), str):
        found["type"] = _JSON_TYPES.get(part["type"], part["type"])
    return found
