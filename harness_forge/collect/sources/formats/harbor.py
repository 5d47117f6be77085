"""Harbor's trials: a folder each, or a job's folder of them; `result.json` is read first.

The item is the task, the outcome its reward: `rewards.reward`, or the only one there is.
Others are `{rewards.NAME}`. The conversation is the trial's `agent/trajectory.json`, as
`source=atif` reads it. A trial without rewards has no verdict; where `verifier/reward.txt`
says another reward than the result, the trial is refused.
Not kept: logs of the agents themselves, which `source=claude_code` and `source=codex` read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.formats import atif
from harness_forge.collect.sources.formats.beside import json_beside
from harness_forge.collect.sources.formats.conversation import Conversation
from harness_forge.collect.sources.formats.reading import Format, NoConversation, each
from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.templates import Misfit


def _fits(record: Mapping[str, Any]) -> bool:
    return "trial_name" in record and "task_name" in record


def _conversations(result: Mapping[str, Any], path: Path) -> Iterable[Conversation | LeftOut]:
    if "n_total_trials" in result or "stats" in result:
        raise NoConversation("job_summary", "the trials are in the folders beside it")
    if not _fits(result):
        raise Misfit("no trial_name and task_name in it, so it is no result of a Harbor trial")
    rewards = _rewards(result)
    outcome = rewards.get("reward", next(iter(rewards.values())) if len(rewards) == 1 else None)
    _demand_same(path.parent / "verifier", outcome)
    for one in atif.conversations(_trajectory(path.parent), path):
        if isinstance(one, LeftOut):
            yield one
            continue
        model = ((result.get("agent_info") or {}).get("model_info") or {}).get("name")
        yield replace(
            one,
            item=result["task_name"],
            family=result.get("source"),
            model=one.model or model,
            outcome=outcome,
            extra={**one.extra, "rewards": rewards, "exception": result.get("exception_info")},
        )


def _rewards(result: Mapping[str, Any]) -> dict[str, Any]:
    judged = result.get("verifier_result")
    judged = judged if isinstance(judged, Mapping) else {}
    rewards = judged.get("rewards")
    if isinstance(rewards, Mapping):
        return dict(rewards)
    return {"reward": judged["reward"]} if judged.get("reward") is not None else {}


def _demand_same(folder: Path, outcome: Any) -> None:
    """Refuse a trial whose verifier wrote another reward than its result has."""
    with suppress(OSError, ValueError):
        written = float((folder / "reward.txt").read_text()[:100])
        if isinstance(outcome, int | float) and written != outcome:
            raise Misfit(
                f"outcomes contradict each other: {outcome} in result.json, {written} in"
                " verifier/reward.txt"
            )


def _trajectory(folder: Path) -> Mapping[str, Any]:
    file = folder / "agent" / "trajectory.json"
    try:
        held = json_beside(file)
    except FileNotFoundError:
        raise NoConversation("no_trajectory", "no agent/trajectory.json beside it") from None
    except (OSError, ValueError) as error:
        raise Misfit(f"agent/trajectory.json cannot be read: {error}"[:200]) from None
    if not isinstance(held, Mapping):
        raise Misfit("agent/trajectory.json is no object")
    return held


FORMAT = Format("harbor", "a Harbor trial", _fits, each(_conversations))
