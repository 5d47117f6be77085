"""Writes a task folder: documents, one YAML task, and the Python that scores answers.

The folder needs nothing else: `lm_eval run --include_path . --tasks NAME` works in
it with any lm-eval, if FORGE_MODEL and FORGE_CONTEXT are set.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.config.suite import METRICS, SuiteConfig
from harness_forge.core.errors import ConfigError
from harness_forge.core.hints import did_you_mean
from harness_forge.core.records import Message
from harness_forge.evaluation import scoring
from harness_forge.evaluation.lmeval import recording

LATER = {"completed": "score", "pass_at_1": "code_parses"}
"""Metrics that need several answers or a sandbox, each with the lm-eval score it is made from."""

Given = Mapping[tuple[str, str], tuple[str, str]]
"""Text and finish reason of an answer by skill and item."""

_NAME = re.compile(r"[A-Za-z0-9][\w-]*")
_OURS = Path(__file__).with_name("task")
_FILES = ("scoring.py", "forge_lm_eval.py")
_CHECKS = sorted(Path(scoring.__file__).parent.glob("[!_]*.py"))


@dataclass(frozen=True, slots=True)
class Document:
    """One item as a question to a model, with what counts as right.

    Args:
        skill: of a work item; for any other item the name of its suite.
        part: `new_rule` or `new_family` for a held-out item, else its split;
            `fixed` for an item of local files.
        tool: the tool the answer should call; `argument` is its script, '' if it takes none.
        targets: names of which the script should contain one; () is not scored.
        references: scripts that passed, or else all arguments as JSON; () is not scored.
        category: the item's topic, if the suite has categories.
        bead: items of one bead are completed together; '' for none.
        check: of an item that is no work item, as scoring/checks.py reads it.
        choices: the likeliest counts as the answer; () lets the model write.
    """

    skill: str
    item_id: str
    title: str
    family: str
    group_key: str
    part: str
    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]]
    tool: str = ""
    argument: str = ""
    targets: Sequence[str] = ()
    references: Sequence[str] = ()
    category: str = ""
    bead: str = ""
    check: Mapping[str, Any] = field(default_factory=dict)
    choices: Sequence[str] = ()


def write(
    folder: Path, suite: SuiteConfig, documents: Sequence[Document], parser: Mapping[str, Path]
) -> None:
    """Write the task of `suite` over `documents`.

    Args:
        parser: module name to file of the imports of scoring.py: the very parser
            that judges attempts, so that both always agree.

    Raises:
        ConfigError: a metric that does not exist.
    """
    import yaml

    _check(suite)
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(_OURS / name, folder / name)
    ours = {f"{scoring.__name__}.{file.stem}": file for file in _CHECKS}
    ours[recording.__name__] = Path(recording.__file__)
    for module, file in (parser | ours).items():
        _copy_module(folder, module, file)
    with (folder / "documents.jsonl").open("w", encoding="utf-8") as file:
        for document in documents:
            file.write(json.dumps(_row(document, suite), ensure_ascii=False) + "\n")
    text = yaml.dump(_task(suite, documents), sort_keys=False, Dumper=_dumper())
    (folder / f"{suite.name}.yaml").write_text(text, encoding="utf-8")


def record(folder: Path, suite: SuiteConfig, documents: Sequence[Document], given: Given) -> None:
    """Write recorded answers beside the task, each under the key that lm-eval asks for."""
    rows = [_row(document, suite) for document in documents]
    keys = [recording.key(row, True, suite.max_tokens) for row in rows]
    texts = [given[document.skill, document.item_id] for document in documents]
    answers = [(key, *one) for key, one in zip(keys, texts, strict=True)]
    recording.write(folder / recording.FILE, answers)


def scored(suite: SuiteConfig) -> list[str]:
    """Return the metrics that lm-eval scores: the suite's, and those that others are made from."""
    return list(dict.fromkeys(LATER.get(name, name) for name in suite.metrics))


def _check(suite: SuiteConfig) -> None:
    if not _NAME.fullmatch(suite.name):
        hint = "letters, digits, - and _: it names files"
        raise ConfigError("suite.name", f"{suite.name!r} is no name", hint)
    known = METRICS[suite.kind]
    hint = f"metrics of kind {suite.kind.value}: {', '.join(known)}"
    for name in suite.metrics:
        if name not in known:
            what = f"there is no metric '{name}'"
            raise ConfigError(
                f"suite {suite.name}: metrics", what, did_you_mean(name, known) + hint
            )
    if not suite.metrics:
        raise ConfigError(f"suite {suite.name}: metrics", "names no metric", hint)


def fingerprint(documents: Sequence[Document]) -> str:
    """Return the SHA-256 of the questions and what counts as right, item by item, in order.

    Scores of different sets of items are not compared. Metrics, the limit on an
    answer's length and category weights are not part of it.
    """
    total = sha256()
    for document in documents:
        total.update(json.dumps(asdict(document), sort_keys=True, default=list).encode() + b"\n")
    return total.hexdigest()


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

    Messages and tools are JSON strings: in nested tables Arrow would add every
    key that any row has, as null, and change the prompt.
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
        "references": list(document.references),
        "check": json.dumps(document.check, ensure_ascii=False),
        "choices": list(document.choices),
        "metrics": scored(suite),
        "max_tokens": suite.max_tokens,
    }


def _task(suite: SuiteConfig, documents: Sequence[Document]) -> dict[str, Any]:
    return {
        "task": suite.name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "documents.jsonl"}},
        "test_split": "test",
        "num_fewshot": 0,
        "doc_to_text": _Function("scoring.doc_to_text"),
        "process_results": _Function("scoring.process_results"),
        **(_CHOOSING if any(document.choices for document in documents) else _writing(suite)),
        "metric_list": [
            {"metric": name, "aggregation": "mean", "higher_is_better": True}
            for name in scored(suite)
        ],
        "metadata": {"version": suite.version},
    }


class _Function(str):
    """A function named in the YAML; lm-eval loads it from a file beside it."""


_CHOOSING = {
    "output_type": "multiple_choice",
    "doc_to_target": _Function("scoring.doc_to_target"),
    "doc_to_choice": _Function("scoring.doc_to_choice"),
    # The prompt ends where the answer begins.
    "target_delimiter": "",
}


def _writing(suite: SuiteConfig) -> dict[str, Any]:
    return {
        "output_type": "generate_until",
        "doc_to_target": "",
        # No stop words: lm-eval adds the end of the turn, which is the only one.
        "generation_kwargs": {"until": [], "do_sample": False, "max_gen_toks": suite.max_tokens},
    }


def _dumper():
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    Dumper.add_representer(
        _Function, lambda dumper, value: dumper.represent_scalar("!function", str(value))
    )
    return Dumper
