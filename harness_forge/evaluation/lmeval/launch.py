"""Starts lm-eval in its workset, watches it, and reports in one line why it died."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness_forge.core.chat.call_forms import HERMES
from harness_forge.core.children import end_group
from harness_forge.core.errors import EvalError, Interrupted

_POLL_S = 0.3
_SEEN = re.compile(r"(?:generate_until|loglikelihood) requests:[^\r\n]*?(\d+)/(\d+)")


@dataclass(frozen=True)
class LmEvalRequest:
    """A task and the model to ask.

    Args:
        python: interpreter of the workset with lm-eval.
        variables: environment to start it with: offline, telemetry off.
        task: the task's folder; `name` the task in it.
        model: folder of the base model.
        adapter: folder of a LoRA adapter; None asks the base model.
        context: most tokens of prompt and answer together.
        dtype: float32 or bfloat16.
        device: cpu or cuda.
        recorded: a file of answers, which are read instead of asking the model.
        form: how it writes calls, a name of `core.chat.call_forms.FORMS`.
        wrapped: it is a text model inside of one that also reads pictures or sound.
    """

    python: Path
    variables: Mapping[str, str]
    task: Path
    name: str
    model: Path
    adapter: Path | None
    context: int
    dtype: str
    device: str
    batch_size: int
    recorded: Path | None = None
    form: str = HERMES
    wrapped: bool = False

    def command(self, out: Path) -> list[str]:
        """Return the command line, to be run in the task's folder."""
        if self.recorded:
            return self._command(out, "recorded", {"answers": str(self.recorded.absolute())})
        model = {
            "pretrained": str(self.model.absolute()),
            "dtype": self.dtype,
            # The template writes the whole prompt, its first token included.
            "add_bos_token": False,
        }
        if self.adapter:
            model["peft"] = str(self.adapter.absolute())
        return self._command(out, "forge", model)

    def _command(self, out: Path, model: str, settings: Mapping[str, Any]) -> list[str]:
        return [
            str(self.python), "forge_lm_eval.py", "run",
            "--model", model, "--model_args", json.dumps(settings),
            "--include_path", ".", "--tasks", self.name,
            "--device", self.device, "--batch_size", str(self.batch_size),
            "--log_samples", "--output_path", str(out.absolute()),
        ]  # fmt: skip


def ask(asked: LmEvalRequest, work: Path, log: Path, show: Callable[[int, int], None]) -> Path:
    """Let lm-eval ask the model, and return the folder of its output.

    Args:
        work: for its output and all its caches.
        log: for what it prints.
        show: called with (done, total).

    Raises:
        EvalError: it failed; names its last line and its log.
        Interrupted: Ctrl-C; it and all its children are stopped.
    """
    out = work / "out"
    # Threads that spin while they wait make a step many times slower on a busy machine.
    variables = {"OMP_WAIT_POLICY": "PASSIVE"} | dict(asked.variables)
    variables |= {
        "FORGE_MODEL": str(asked.model.absolute()),
        "FORGE_CONTEXT": str(asked.context),
        "FORGE_FORM": asked.form,
        "FORGE_WRAPPED": str(int(asked.wrapped)),
        "FORGE_PARENT": str(os.getpid()),
        "HF_HOME": str((work / "cache").absolute()),
        # Compiled modules lie in the workset, and none beside the task.
        "PYTHONPYCACHEPREFIX": str(asked.python.parent.parent / "bytecode"),
        "PYTHONUNBUFFERED": "1",
        "TOKENIZERS_PARALLELISM": "false",
        # A batch is answered at once; otherwise only its first answer would be shown.
        "TQDM_MININTERVAL": "0",
    }
    with log.open("wb") as file:
        child = subprocess.Popen(
            asked.command(out),
            cwd=asked.task,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _watch(child, log, show)
    except BaseException as error:
        end_group(child, 5)
        if isinstance(error, KeyboardInterrupt):
            log.unlink()
            raise Interrupted("evaluate", "stopped", "models already asked are kept") from None
        raise
    if child.returncode or not any(out.rglob("samples_*.jsonl")):
        raise _died(child.returncode, log)
    return out


def _watch(child: subprocess.Popen, log: Path, show: Callable[[int, int], None]) -> None:
    seen = None
    while True:
        ended = child.poll() is not None
        found = _SEEN.findall(log.read_text(encoding="utf-8", errors="replace"))
        if found and found[-1] != seen:
            seen = found[-1]
            show(int(seen[0]), int(seen[1]))
        if ended:
            return
        time.sleep(_POLL_S)


def _died(code: int, log: Path) -> EvalError:
    said = log.read_text(encoding="utf-8", errors="replace").replace("\r", "\n")
    killed = code == -signal.SIGKILL
    short = re.search(r"MemoryError|out of memory|(can't|cannot) allocate memory", said, re.I)
    if killed or short:
        what = "was killed" if killed else "is out of memory"
        return EvalError("lm-eval", what, "usually out of memory: lower suite.batch_size")
    if "No space left on device" in said:
        return EvalError("lm-eval", "the disk is full", "free some, and run the same command again")
    errors = [line for line in said.splitlines() if re.match(r"\s*[\w.]*(Error|Exception): ", line)]
    last = (errors or said.strip().splitlines() or ["no message"])[-1].strip()
    what = f"ended with code {code}: {last[:200]}" if code else f"wrote no answers: {last[:200]}"
    return EvalError("lm-eval", what, f"its whole output: {log}")
