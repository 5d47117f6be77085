"""Writes a task folder: documents, one YAML task, and the Python that scores answers.

The folder stands alone: `lm_eval run --include_path . --tasks NAME` works in it
wherever lm-eval is installed, with FORGE_MODEL and FORGE_CONTEXT set.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.errors import ConfigError
from harness_forge.evaluators.lmeval.config import SuiteConfig
from harness_forge.records import Message

METRICS = ("valid_call", "right_tool", "script_parses", "names_target")
"""What scoring.py can score."""

_OURS = Path(__file__).with_name("task")
_FILES = ("scoring.py", "forge_lm_eval.py")


@dataclass(frozen=True, slots=True)
class Document:
    """One work item as a model is asked about it, and what its answer is held against.

    Args:
        part: `new_rule` or `new_family` for a held-out item, else its split.
        tool: the tool the answer should call; `argument` is its script.
        targets: names of which the script should hold one; () scores none.
    """

    skill: str
    item_id: str
    title: str
    family: str
    group_key: str
    part: str
    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]]
    tool: str
    argument: str
    targets: Sequence[str]


def write(
    folder: Path, suite: SuiteConfig, documents: Sequence[Document], parser: Mapping[str, Path]
) -> None:
    """Write the task of `suite` over `documents`.

    Args:
        parser: module name to file of what scoring.py imports: the parser that
            judges attempts, byte for byte, so that no second one can drift.

    Raises:
        ConfigError: a metric that does not exist.
    """
    import yaml

    _check(suite)
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(_OURS / name, folder / name)
    for module, file in parser.items():
        _copy_module(folder, module, file)
    with (folder / "documents.jsonl").open("w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps(_row(document, suite), ensure_ascii=False) + "\n")
    text = yaml.dump(_task(suite), sort_keys=False, Dumper=_dumper())
    (folder / f"{suite.name}.yaml").write_text(text, encoding="utf-8")


def _check(suite: SuiteConfig) -> None:
    for name in suite.metrics:
        if name not in METRICS:
            known = f"known metrics: {', '.join(METRICS)}"
            raise ConfigError("suite.metrics", f"there is no metric '{name}'", known)
    if not suite.metrics:
        raise ConfigError("suite.metrics", "names no metric", f"metrics: {', '.join(METRICS)}")


def _copy_module(folder: Path, module: str, file: Path) -> None:
    *packages, name = module.split(".")
    place = folder
    for package in packages:
        place /= package
        place.mkdir(exist_ok=True)
        (place / "__init__.py").touch()
    shutil.copyfile(file, place / f"{name}.py")


def _row(document: Document, suite: SuiteConfig) -> dict[str, Any]:
    """Return a document as lm-eval reads it.

    Messages and tools are JSON strings: as nested tables Arrow would fill
    every key that any row has with nulls, and the prompt would be another.
    """
    return {
        "skill": document.skill,
        "item_id": document.item_id,
        "family": document.family,
        "part": document.part,
        "messages": json.dumps(list(document.messages), ensure_ascii=False),
        "tools": json.dumps(list(document.tools), ensure_ascii=False),
        "tool": document.tool,
        "argument": document.argument,
        "targets": list(document.targets),
        "metrics": list(suite.metrics),
        "max_tokens": suite.max_tokens,
    }


def _task(suite: SuiteConfig) -> dict[str, Any]:
    return {
        "task": suite.name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "documents.jsonl"}},
        "test_split": "test",
        "output_type": "generate_until",
        "num_fewshot": 0,
        "doc_to_text": _Function("scoring.doc_to_text"),
        "doc_to_target": "",
        "process_results": _Function("scoring.process_results"),
        # No stop words: lm-eval adds the end of the turn, the only end there is.
        "generation_kwargs": {"until": [], "do_sample": False, "max_gen_toks": suite.max_tokens},
        "metric_list": [
            {"metric": name, "aggregation": "mean", "higher_is_better": True}
            for name in suite.metrics
        ],
        "metadata": {"version": suite.version},
    }


class _Function(str):
    """A function named in the YAML, which lm-eval loads from a file beside it."""


def _dumper():
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    Dumper.add_representer(
        _Function, lambda dumper, value: dumper.represent_scalar("!function", str(value))
    )
    return Dumper
