"""Per-item result files: JSONL, one `EvalResult` a line, sorted by skill and item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path

from harness_forge.core.errors import EvalError
from harness_forge.core.files import whole_file
from harness_forge.core.results import EvalResult


def write(path: Path, results: Iterable[EvalResult]) -> None:
    """Write results to `path`, atomically."""
    import orjson

    ordered = sorted(results, key=lambda result: (result.skill, result.item_id))
    with whole_file(path) as draft, draft.open("wb") as file:
        for result in ordered:
            file.write(orjson.dumps(asdict(result)) + b"\n")


def read(path: Path) -> list[EvalResult]:
    """Return the results of a file.

    Raises:
        EvalError: it is missing, or a line of it holds no result.
    """
    import orjson

    names = {field.name for field in fields(EvalResult)}
    found = []
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        raise EvalError(str(path), "is not there", "`forge replay` writes it") from None
    for number, line in enumerate(lines, start=1):
        try:
            row = orjson.loads(line)
            found.append(EvalResult(**{key: row[key] for key in row if key in names}))
        except (ValueError, TypeError) as error:
            what = f"holds no result ({error})"
            raise EvalError(f"{path}, line {number}", what, "write it again") from None
    return found
