"""A local model, run in a workset's Python beside forge.

Forge's own environment holds no torch. The model lives in a child process that
answers batches, one JSON line each way; callers from many threads are gathered
into one batch, for on a CPU sixteen answers cost little more than four.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from harness_forge.errors import EndpointError
from harness_forge.policies.config import PolicyConfig
from harness_forge.policies.endpoint import Completion
from harness_forge.records import Message

_WORKER = Path(__file__).with_name("local_worker.py")
_GATHER_S = 0.05
"""How long the first request of a batch waits for company."""


class LocalModel:
    """A model folder answered by a child process.

    Args:
        config: `local` is the model's folder, `adapter` an optional LoRA folder.
        python: the interpreter of the workset that holds torch and transformers.
        environment: the workset's variables: offline, telemetry off.

    Raises:
        EndpointError: the folder holds no model, its chat template renders no
            tools, or the child died.
    """

    def __init__(
        self, config: PolicyConfig, python: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.model = config.model or Path(str(config.local)).name
        self._where = str(config.local)
        if not (Path(self._where) / "config.json").is_file():
            raise EndpointError(
                f"policy.local: {self._where}",
                "holds no model (no config.json)",
                "give the folder of a model as `save_pretrained` writes it",
            )
        self._size = max(config.concurrency, 1)
        self._queue: queue.Queue[tuple[dict[str, Any], Future[Completion]] | None] = queue.Queue()
        command = [str(python), str(_WORKER), "--model", str(config.local)]
        for flag, value in (("--adapter", config.adapter), ("--template", config.chat_template)):
            command += [flag, value] if value else []
        # Its stderr is kept for the message when it dies; its stdout is ours alone.
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._complaints: list[str] = []
        threading.Thread(target=self._drain, daemon=True).start()
        self._read()  # the worker says hello once the model is loaded
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def complete(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]],
        sampling: Mapping[str, Any],
    ) -> Completion:
        """Return the model's answer; waits for the batch it is gathered into."""
        future: Future[Completion] = Future()
        self._queue.put(({"messages": messages, "tools": tools, "sampling": sampling}, future))
        return future.result()

    def close(self) -> None:
        """End the child."""
        self._queue.put(None)
        with contextlib.suppress(OSError):
            self._child.stdin.close()
        try:
            self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._child.kill()

    def _serve(self) -> None:
        while (batch := self._gather()) is not None:
            started = time.monotonic()
            try:
                self._child.stdin.write(json.dumps([request for request, _ in batch]) + "\n")
                self._child.stdin.flush()
                answers = self._read()
            except (OSError, ValueError, EndpointError) as error:
                fault = error if isinstance(error, EndpointError) else self._died()
                for _, future in batch:
                    future.set_exception(fault)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                future.set_result(self._completion(answer, time.monotonic() - started))

    def _gather(self) -> list | None:
        first = self._queue.get()
        if first is None:
            return None
        batch, until = [first], time.monotonic() + _GATHER_S
        while len(batch) < self._size:
            try:
                more = self._queue.get(timeout=max(until - time.monotonic(), 0))
            except queue.Empty:
                break
            if more is None:
                self._queue.put(None)
                break
            batch.append(more)
        return batch

    def _completion(self, answer: Mapping[str, Any], elapsed_s: float) -> Completion:
        return Completion(
            message={"role": "assistant", "content": answer["text"]},
            finish_reason=answer["finish_reason"],
            model=self.model,
            prompt_tokens=answer["prompt_tokens"],
            completion_tokens=answer["completion_tokens"],
            elapsed_s=elapsed_s,
        )

    def _read(self) -> Any:
        line = self._child.stdout.readline()
        if not line:
            raise self._died()
        answer = json.loads(line)
        if isinstance(answer, dict) and "fault" in answer:
            raise EndpointError(self._where, answer["fault"], answer.get("hint", ""))
        return answer

    def _drain(self) -> None:
        for line in self._child.stderr:
            self._complaints = [*self._complaints[-20:], line.rstrip()]

    def _died(self) -> EndpointError:
        code = self._child.wait()
        last = next((line for line in reversed(self._complaints) if line.strip()), "no message")
        return EndpointError(
            self._where,
            f"the local model's process ended with code {code}: {last[:200]}",
            "killed (-9) usually means out of memory: lower policy.concurrency",
        )
