"""The interface of an environment, as runs use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from harness_forge.core.records import Outcome, TeacherAnswer, ToolCall, WorkItem


class Environment(Protocol):
    """Work items, a disposable root to attempt them on, and an evaluator.

    Thread-safe. Deterministic: the same answer gets the same outcome.
    """

    skill: str
    evaluator: str
    evaluator_version: str
    """Written to every outcome, with `evaluator`. Increase it when verdicts change."""
    content_digest: str
    """Hash of the content that the items come from; a resumed run must find the same."""
    tools: Sequence[Mapping[str, Any]]
    """Tool schemas offered to a policy, in OpenAI form: one tool."""
    argument: str
    """The tool's argument that is the answer itself; others are remarks."""

    def survey(self, progress: Callable[[int, int], None] | None = None) -> list[WorkItem]:
        """Return every work item; only those with `full_cycle` are attempted."""

    def shortfall(self, items: Sequence[WorkItem]) -> list[str]:
        """Return one line for each way in which the survey falls short of the known counts."""

    def judge_call(self, item_id: str, call: ToolCall) -> Outcome:
        """Carry out a call of the tool on a fresh root and judge the result.

        A fault of the answer is a failure; a fault of the evaluator is `infrastructure`.
        """

    def gold(self, item_id: str, *, fallback: bool = False) -> list[TeacherAnswer]:
        """Return answers that pass, best first; [] if none is known."""

    def mutated(self, item_id: str, *, limit: int) -> list[TeacherAnswer]:
        """Return up to `limit` broken answers; [] if none is known."""

    def close(self) -> None:
        """Stop sandboxes and other helpers."""
