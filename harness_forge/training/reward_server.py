"""Judges a training's answers in forge's own process, and answers the trainer over a socket.

The trainer runs in a workset's Python, where neither environments nor the sandbox are. The
socket lies in a folder that only its user can open.
"""

from __future__ import annotations

import json
import queue
import socketserver
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from harness_forge.core.errors import ForgeError, TrainError
from harness_forge.training.rollouts import Rollouts, spread

GUARD_BROKEN = "guard_broken"
_THREADS = 8
"""Answers judged at once, at most: the sandbox lends as many places as there are cores."""


class Judge(Protocol):
    """The interface of what judges an answer. Thread-safe."""

    evaluator: str
    evaluator_version: str

    def check(self, rows: Sequence[Mapping[str, Any]], where: Path) -> None:
        """Refuse prompts that must not be asked.

        Raises:
            TrainError: names the first.
        """

    def verdict(self, reference: str, text: str, finish: str) -> dict[str, Any]:
        """Return item_id, passed, value, failure_mode, summary and infrastructure of an answer.

        Args:
            reference: the prompt's own, as it was exported.
            finish: `length` for an answer that was cut off.
        """


def reward_of(verdict: Mapping[str, Any]) -> float | None:
    """Return what an answer is worth, 0 to 1; None if the judge itself failed.

    An answer that broke something else is worth nothing, whatever the check says: it would be
    learned as the way to pass.
    """
    if verdict["infrastructure"]:
        return None
    if verdict["failure_mode"] == GUARD_BROKEN:
        return 0.0
    return min(1.0, max(0.0, float(verdict["value"])))


class RewardServer:
    """Answers requests for rewards until it is closed; a context manager.

    Args:
        rollouts: file of all answers and verdicts.
        judge_s: longest wait for the next verdict in seconds.
        patience: steps from the first in which some group must be worth different amounts;
            0 asks for none.
        rows: the prompts that are asked, as they were exported; kept with each answer.
    """

    def __init__(
        self,
        judge: Judge,
        rollouts: Path,
        judge_s: float,
        patience: int,
        rows: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._judge, self._judge_s, self._patience = judge, judge_s, patience
        self._prompts = {row["reference"]: row["prompt"] for row in rows}
        self._rollouts, self._speaking = Rollouts(rollouts), threading.Lock()
        self._early: list[dict[str, Any]] = []
        self._known: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._first: int | None = None
        self._fault: ForgeError | None = None

    @property
    def fault(self) -> ForgeError | None:
        """Why the training was told to stop, None if it was not."""
        return self._fault

    def __enter__(self) -> RewardServer:
        # Of a fixed short length: a socket's path may have 107 bytes.
        self._folder = tempfile.TemporaryDirectory(prefix="forge-judge-")
        self.path = Path(self._folder.name) / "socket"
        self._server = _Server(str(self.path), _Handler)
        self._server.answer = self.answer
        poll = {"poll_interval": 0.05}
        serving = threading.Thread(target=self._server.serve_forever, kwargs=poll, daemon=True)
        serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return {"rewards"} of a request {"step", "answers"}, or {"error"} to stop."""
        try:
            return {"rewards": self._rewards(request["step"], request["answers"])}
        except ForgeError as error:
            self._fault = error
            return {"error": error.said}

    def _rewards(self, step: int, answers: Sequence[Mapping[str, Any]]) -> list[float | None]:
        found = [
            {
                "step": step,
                "reference": answer["reference"],
                "messages": self._messages(answer),
                "finish": answer["finish"],
                **verdict,
                "reward": reward_of(verdict),
                "evaluator": self._judge.evaluator,
                "evaluator_version": self._judge.evaluator_version,
            }
            for answer, verdict in zip(answers, self._verdicts(answers), strict=True)
        ]
        with self._speaking:
            self._rollouts.add(step, found)
            self._first = step if self._first is None else self._first
        self._demand_verdicts(step, found)
        self._demand_spread(step, found)
        return [one["reward"] for one in found]

    def _messages(self, answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        said = {"role": "assistant", "content": answer["text"]}
        return [*self._prompts.get(answer["reference"], ()), said]

    def _verdicts(self, answers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the verdicts of answers; one that was given before is not judged again.

        A judge says the same of the same answer, and most answers of a group are alike.
        """
        marks = [(one["reference"], one["text"], one["finish"]) for one in answers]
        each = dict(zip(marks, answers, strict=True))
        fresh = {mark: one for mark, one in each.items() if mark not in self._known}
        found = dict(zip(fresh, self._judged(list(fresh.values())), strict=True))
        self._known |= {mark: one for mark, one in found.items() if not one["infrastructure"]}
        return [found.get(mark) or self._known[mark] for mark in marks]

    def _judged(self, answers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Judge answers side by side; threads that a hanging judge keeps do not hold forge."""
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(answers)):
            waiting.put(number)
        done: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()

        def work() -> None:
            while True:
                try:
                    number = waiting.get_nowait()
                except queue.Empty:
                    return
                done.put((number, self._verdict(answers[number])))

        for _ in range(min(_THREADS, len(answers))):
            threading.Thread(target=work, daemon=True).start()
        found: dict[int, dict[str, Any]] = {}
        while len(found) < len(answers):
            try:
                number, verdict = done.get(timeout=self._judge_s)
            except queue.Empty:
                number = min(set(range(len(answers))) - set(found))
                raise self._hung(answers[number]) from None
            if isinstance(verdict, ForgeError):
                raise verdict
            found[number] = verdict
        return [found[number] for number in range(len(answers))]

    def _verdict(self, answer: Mapping[str, Any]) -> dict[str, Any] | ForgeError:
        try:
            return self._judge.verdict(answer["reference"], answer["text"], answer["finish"])
        except ForgeError as error:
            return error
        except Exception as error:  # whatever it is, who asked must not wait for it
            what = f"{type(error).__name__}: {error}"
            return TrainError(f"judging {_item(answer)}", what)

    def _hung(self, answer: Mapping[str, Any]) -> TrainError:
        what = f"no verdict came in {self._judge_s:g} s"
        hint = "lower the skill's limits, or raise grpo.judge_s; the same command goes on from here"
        return TrainError(f"judging {_item(answer)}", what, hint)

    def _demand_verdicts(self, step: int, found: Sequence[Mapping[str, Any]]) -> None:
        if any(one["reward"] is not None for one in found):
            return
        what = f"none of its {len(found)} answers could be judged: {found[0]['summary']}"
        hint = "`forge env check` tries the judge; the same command goes on from here"
        raise TrainError(f"step {step}", what, hint)

    def _demand_spread(self, step: int, found: Sequence[dict[str, Any]]) -> None:
        """Stop a training that learns nothing from its first steps on."""
        if self._first != 1 or step > self._patience:
            return
        self._early += found
        if step < self._patience or any(spread(self._early).values()):
            return
        worth = sorted({one["reward"] for one in self._early if one["reward"] is not None})
        few = f"{worth[0]:g}" if len(worth) == 1 else "the same within each prompt"
        what = f"all {len(self._early)} answers of the first {step} steps are worth {few}"
        hint = _KNOWN_ALREADY if worth == [1.0] else _NONE_DIFFER
        raise TrainError("grpo", f"{what}: there is nothing to learn from", hint)


_KNOWN_ALREADY = "the adapter passes these items already: take harder ones, or leave it as it is"
_NONE_DIFFER = (
    "start from an adapter that passes sometimes (`forge train` on answers that passed), ask items "
    'that models pass at times (export.where="passes BETWEEN 1 AND tries - 1"), or raise '
    "grpo.temperature or grpo.group"
)


def _item(answer: Mapping[str, Any]) -> str:
    try:
        return str(json.loads(answer["reference"])["item_id"])
    except (KeyError, TypeError, ValueError):
        return "an answer"


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    # An answer that is still judged must not hold forge at its end.
    block_on_close = False


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            said = self.server.answer(json.loads(line))
            self.wfile.write(json.dumps(said).encode() + b"\n")
