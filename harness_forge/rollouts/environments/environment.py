"""What every environment offers to the runs that attempt its work items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from harness_forge.core.records import Answer, Outcome, WorkItem


class Environment(Protocol):
    """Work items, a disposable place to attempt them in, and what judges an attempt.

    Several threads call it at once. It is deterministic: the same script gets the same outcome.
    """

    skill: str
    evaluator: str
    evaluator_version: str
    """With `evaluator` it stands on every outcome: count it up when verdicts change."""
    content_digest: str
    """Of what the items are made from; a run that goes on must find the same."""
    tools: Sequence[Mapping[str, Any]]
    """What a policy is offered, in OpenAI form: one tool, whose script is `fix_script`."""

    def survey(self, progress: Callable[[int, int], None] | None = None) -> list[WorkItem]:
        """Return every work item; only those with `full_cycle` are attempted."""

    def shortfall(self, items: Sequence[WorkItem]) -> list[str]:
        """Return what the survey lacks of what is known to be possible, a line each."""

    def attempt(self, item_id: str, script: str) -> Outcome:
        """Run a script on a fresh place and judge what became of it.

        What the script caused is a failure; what the evaluator caused is `infrastructure`.
        """

    def gold(self, item_id: str, *, fallback: bool = False) -> list[Answer]:
        """Return answers that pass, best first; [] where none is known."""

    def mutated(self, item_id: str, *, limit: int) -> list[Answer]:
        """Return up to `limit` broken answers; [] where none is known."""

    def close(self) -> None:
        """Let go of what was started."""
