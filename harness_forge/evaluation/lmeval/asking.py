"""Asks a model a task's questions; answers of the same model are cached.

A stored evaluation is a folder `<store>/<key>`: the task, the answers with their
scores, lm-eval's own results and log, and the facts that make the key.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from harness_forge.config.suite import SuiteConfig
from harness_forge.core.chat.call_forms import HERMES
from harness_forge.core.errors import EvalError
from harness_forge.core.files import locked
from harness_forge.evaluation.lmeval import folder, recording
from harness_forge.evaluation.lmeval.answers import ScoredAnswer, keep, kept, read_samples
from harness_forge.evaluation.lmeval.folder import Document
from harness_forge.evaluation.lmeval.launch import LmEvalRequest, ask

_ANSWERS, _FACTS = "answers.jsonl", "facts.json"
_BUSY = EvalError("lm-eval", "is asked the same by another process")


@dataclass(frozen=True)
class RecordedRuns:
    """The answers of complete runs, in which the model was asked the same.

    Args:
        runs: skill to run id.
        answers: text and finish reason by skill and item.
    """

    runs: Mapping[str, str]
    answers: folder.Given


@dataclass(frozen=True)
class EvaluatedModel:
    """The model to evaluate, and its software.

    Args:
        python: interpreter of the workset with lm-eval.
        variables: environment to start it with.
        versions: digest of the workset's pins.
        model: folder of the base model, with the digest of its content.
        adapter: folder of a LoRA adapter; None evaluates the base model.
        context: most tokens of prompt and answer together.
        dtype: float32 or bfloat16.
        device: cpu or cuda.
        form: how it writes calls, a name of `core.chat.call_forms.FORMS`.
        wrapped: it is a text model inside of one that also reads pictures or sound.
    """

    python: Path
    variables: Mapping[str, str]
    versions: str
    model: Path
    model_digest: str
    adapter: Path | None
    adapter_digest: str | None
    context: int
    dtype: str
    device: str
    form: str = HERMES
    wrapped: bool = False


def answers(
    model: EvaluatedModel,
    suite: SuiteConfig,
    documents: Sequence[Document],
    parser: Mapping[str, Path],
    store: Path,
    *,
    recorded: RecordedRuns | None = None,
    say: Callable[[str], None],
    show: Callable[[int, int], None],
) -> list[ScoredAnswer]:
    """Return the model's answers, sorted by skill and item.

    Args:
        parser: module name to file, as `folder.write` takes it.
        store: folder of stored evaluations.
        recorded: the model's answers, which lm-eval then reads instead of asking it.
        show: called with (done, total).

    Raises:
        EvalError: lm-eval failed, or left items out.
        Interrupted: Ctrl-C; nothing of this evaluation is stored.
    """
    with ExitStack() as held:
        draft = held.enter_context(_draft(store))
        folder.write(draft / "task", suite, documents, parser)
        if recorded:
            folder.record(draft / "task", suite, documents, recorded.answers)
        facts = _facts(model, suite, draft / "task")
        if recorded:
            facts |= {"recorded": ",".join(recorded.runs.values())}
        place = store / sha256(json.dumps(facts).encode()).hexdigest()[:16]
        held.enter_context(_alone(place.with_suffix(".lock"), say))
        known = kept(place / _ANSWERS)
        if known is not None and len(known) == len(documents):
            what = "these answers were scored" if recorded else "was asked"
            say(f"{what} before, with these settings")
            return known
        if not recorded:
            say(f"asking it with lm-eval, in {model.dtype} on {model.device}")
        log, started = store / f"{place.name}.log", time.monotonic()
        asked = _asked(model, suite, draft / "task")
        if recorded:
            asked = replace(asked, recorded=draft / "task" / recording.FILE)
        out = ask(asked, draft, log, show)
        fresh = read_samples(out, folder.scored(suite))
        if len(fresh) != len(documents):
            what = f"answered {len(fresh)} of {len(documents)} items"
            raise EvalError("lm-eval", what, f"its whole output: {log}")
        seconds = round(time.monotonic() - started, 1)
        text = json.dumps(facts | {"seconds": seconds}, indent=1)
        (draft / _FACTS).write_text(f"{text}\n", encoding="utf-8")
        keep(draft / _ANSWERS, fresh)
        shutil.rmtree(draft / "cache", ignore_errors=True)
        log.replace(draft / "lm_eval.log")
        shutil.rmtree(place, ignore_errors=True)
        draft.rename(place)
        return fresh


@contextmanager
def _alone(lock: Path, say: Callable[[str], None]):
    """Ask a model the same from one process only; another waits, and finds its answers."""
    with ExitStack() as held:
        try:
            held.enter_context(locked(lock, busy=_BUSY))
        except EvalError as error:
            if error is not _BUSY:
                raise
            say("another process asks it the same: waiting for its answers")
            held.enter_context(locked(lock))
        yield


def _facts(model: EvaluatedModel, suite: SuiteConfig, task: Path) -> dict[str, str | int | None]:
    """Return everything that an answer depends on."""
    return {
        "task": _digest(task),
        "model": model.model_digest,
        "adapter": model.adapter_digest,
        "context": model.context,
        "dtype": model.dtype,
        "device": model.device,
        # A batch is padded, which changes the last digits of its sums.
        "batch_size": suite.batch_size,
        "versions": model.versions,
        # Left out where it is the usual one: what was asked before is still known.
        **({"form": model.form} if model.form != HERMES else {}),
    }


def _asked(model: EvaluatedModel, suite: SuiteConfig, task: Path) -> LmEvalRequest:
    return LmEvalRequest(
        python=model.python,
        variables=model.variables,
        task=task,
        name=suite.name,
        model=model.model,
        adapter=model.adapter,
        context=model.context,
        dtype=model.dtype,
        device=model.device,
        batch_size=suite.batch_size,
        form=model.form,
        wrapped=model.wrapped,
    )


def _digest(task: Path) -> str:
    total = sha256()
    for file in sorted(path for path in task.rglob("*") if path.is_file()):
        total.update(f"{file.relative_to(task)}\0".encode() + file.read_bytes() + b"\0")
    return total.hexdigest()


@contextmanager
def _draft(store: Path):
    """Yield a temporary folder, deleted afterwards unless it was renamed."""
    draft = store.absolute() / f".{os.getpid()}.partial"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
