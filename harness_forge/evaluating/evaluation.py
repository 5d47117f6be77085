"""One evaluation: each model asked through lm-eval, its answers written down and summed up."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge import records
from harness_forge.evaluating.candidate import Candidate, find_adapter
from harness_forge.evaluating.questions import Questions, collect
from harness_forge.evaluators.lmeval.answers import Answer, summed
from harness_forge.evaluators.lmeval.asking import Subject, answers
from harness_forge.evaluators.lmeval.config import Dtype, SuiteConfig
from harness_forge.evaluators.lmeval.folder import Document
from harness_forge.evaluators.looks import Look, Looks
from harness_forge.models import folder as models
from harness_forge.models.folder import BaseModel
from harness_forge.operations import worksets
from harness_forge.policies import parsing
from harness_forge.records import Split
from harness_forge.schema import ForgeConfig
from harness_forge.trainers.hardware import has_nvidia

WORKSET = "eval"
BASE, ADAPTER = "base", "adapter"

_PARSER = {module.__name__: Path(module.__file__) for module in (records, parsing)}

Say = Callable[[str], None]
Show = Callable[[str, int, int], None]


def evaluate(
    config: ForgeConfig,
    out_dir: Path,
    adapter: str | None = None,
    split: str = Split.VALIDATION.value,
    *,
    name: str = "evaluate",
    say: Say = lambda text: None,
    show: Show = lambda label, done, total: None,
) -> dict[str, Any]:
    """Score base model and adapter on a split, and write what they answered.

    `out_dir` gets <name>.json and <name>/<label>.jsonl. A model that was asked
    the same before is not asked again.

    Args:
        adapter: its name in the registry, or its folder; None scores the base
            model alone.
        show: told label, and how many of how many answers are there.

    Returns:
        What <name>.json holds: suite, split, and by label and part the
        items and each metric's mean.

    Raises:
        WorksetError: the eval workset is not installed.
        TrainError: base model or adapter is missing or damaged.
        EvalError: nothing to ask, or lm-eval failed.
        Interrupted: Ctrl-C; a model that was asked to the end is kept.
    """
    home = Path(config.forge_home)
    worksets.python_of(WORKSET, home)  # it is missed before anything is read
    base = models.find(config.model, home)
    candidate = find_adapter(adapter, home, base) if adapter else None
    questions = collect(config, split)
    documents = [document for each in questions for document in each.documents]
    say(f"{len(documents)} items of {split}")
    found = {}
    for label, one in {BASE: None, ADAPTER: candidate}.items():
        if label == BASE or one:
            if split == Split.HOLDOUT:
                _look(config, questions, base, one)
            found[label] = _asked(config, base, label, one, documents, say, show)
    return _written(config.suite, split, documents, found, candidate, out_dir / name)


def _look(
    config: ForgeConfig, questions: Sequence[Questions], base: BaseModel, one: Candidate | None
) -> None:
    """Write down, before anything is asked, who looks at which held-out items.

    The same model asked the same items by the same suite is the same look.
    """
    ledger = Looks(Path(config.forge_home), config.budget)
    suite, digest = config.suite, one.digest if one else base.digest
    for each in questions:
        items = [document.item_id for document in each.documents]
        facts = [suite.name, suite.version, digest, each.content_digest, items]
        ledger.record(
            Look(
                skill=each.skill,
                label=f"lm-eval:{one.name if one else base.name}",
                candidate=one.digest if one else None,
                tested=False,
                items=items,
                content_digest=each.content_digest,
                run_id=f"lm-eval-{sha256(json.dumps(facts).encode()).hexdigest()[:16]}",
            )
        )


def _asked(config: ForgeConfig, base: BaseModel, label, tuned, documents, say, show):
    """Return a model's answers: those kept from before, or fresh ones."""
    home = Path(config.forge_home).absolute()
    stamp = worksets.read_stamp(worksets.folder(WORKSET, home))
    device = "cuda" if stamp["variant"] == "cuda" and has_nvidia() else "cpu"
    subject = Subject(
        python=worksets.python_of(WORKSET, home),
        variables=worksets.environment_of(WORKSET, home),
        versions=stamp["digest"],
        model=base.folder,
        model_digest=base.digest,
        adapter=tuned.folder if tuned else None,
        adapter_digest=tuned.digest if tuned else None,
        context=config.model.context,
        dtype=_dtype(config.suite.dtype, device),
        device=device,
    )
    return answers(
        subject,
        config.suite,
        documents,
        _PARSER,
        home / "evaluations",
        say=lambda text: say(f"{label}: {text}"),
        show=lambda done, total: show(label, done, total),
    )


def _dtype(dtype: Dtype, device: str) -> str:
    if dtype is Dtype.auto:
        # What `forge serve` and the local policy compute in, so that all give the same answers.
        dtype = Dtype.bfloat16 if device == "cuda" else Dtype.float32
    return dtype.value


def _written(
    suite: SuiteConfig,
    split: str,
    documents: Sequence[Document],
    found: Mapping[str, Sequence[Answer]],
    candidate: Candidate | None,
    place: Path,
) -> dict[str, Any]:
    """Write items and metrics beside their places, move them there, and return the metrics."""
    asked = {(document.skill, document.item_id): document for document in documents}
    labels = {}
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    draft.mkdir(parents=True)
    try:
        for label, given in found.items():
            rows = [_row(asked[answer.skill, answer.item_id], answer) for answer in given]
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (draft / f"{label}.jsonl").write_text("".join(lines), encoding="utf-8")
            labels[label] = summed([(row["part"], row["scores"]) for row in rows], suite.metrics)
        report = {
            "suite": suite.name,
            "version": suite.version,
            "metrics": list(suite.metrics),
            "split": split,
            "candidate": candidate and {"name": candidate.name, "digest": candidate.digest},
            "labels": labels,
        }
        text = json.dumps(report, indent=2) + "\n"
        (draft / "metrics").write_text(text, encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        (draft / "metrics").replace(place.with_name(f"{place.name}.json"))
        draft.rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return report


def _row(document: Document, answer: Answer) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer.answer}
    call, failure = parsing.parse_message(message, answer.finish_reason, document.tools)
    return {
        "skill": document.skill,
        "item_id": document.item_id,
        "title": document.title,
        "family": document.family,
        "group_key": document.group_key,
        "part": document.part,
        "targets": list(document.targets),
        "answer": answer.answer,
        "finish_reason": answer.finish_reason,
        "failure": failure,
        "script": call.arguments.get(document.argument) if call else None,
        "scores": answer.scores,
    }
