"""A skill's items as tasks of `verifiers`: asked once, with the tool, and judged by forge."""

from __future__ import annotations

import asyncio
import atexit
import functools
from collections.abc import Iterator
from typing import Any

import httpx
import verifiers.v1 as vf
from pydantic import Field
from verifiers.v1.runtimes import ProgramResult

from harness_forge.rollouts.verifiers.forge import Forge

_ASK_S = 600.0


class SkillTasksetConfig(vf.TasksetConfig):
    """Which items.

    Args:
        skill: a choice of `conf/skill/`.
        split: train or validation.
        overrides: settings as on forge's command line, such as `run.limit=20`.
    """

    skill: str = "repair"
    split: str = "train"
    overrides: list[str] = Field(default_factory=list)


class SkillData(vf.TaskData):
    """One item as it is asked; `overrides` open the environment that judges it."""

    item: str
    family: str
    tools: list[dict[str, Any]]
    overrides: list[str]


class SkillTask(vf.Task[SkillData, vf.State, vf.TaskConfig]):
    """One item: what the answer comes to is kept with the trace."""

    async def finalize(self, trace: vf.Trace, runtime: vf.Runtime) -> None:
        """Judge the answer, in a thread: the sandbox blocks.

        Raises:
            RuntimeError: the judge failed, so that there is no reward, not a reward of 0.
        """
        forge = _opened(tuple(self.data.overrides))
        finish = "length" if trace.is_truncated else "stop"
        found = await asyncio.to_thread(forge.judge, self.data.item, _last(trace), finish)
        trace.info["forge"] = found
        if found["infrastructure"]:
            raise RuntimeError(f"no verdict on {self.data.item}: {found['summary']}")

    @vf.reward
    async def passed(self, trace: vf.Trace) -> float:
        """1 if the evaluator says that it passed and the guard found nothing, else 0."""
        return float(trace.info["forge"]["passed"])

    @vf.metric
    async def value(self, trace: vf.Trace) -> float:
        """What the evaluator gave, 0 to 1."""
        return float(trace.info["forge"]["value"])

    @vf.metric
    async def guard_broken(self, trace: vf.Trace) -> float:
        """1 where the check passes and something else got worse."""
        return float(trace.info["forge"]["failure_mode"] == "guard_broken")


class SkillTaskset(vf.Taskset[SkillTask, SkillTasksetConfig]):
    """The items of a skill and a split."""

    def load(self) -> Iterator[SkillTask]:
        """Yield the items in a fixed order.

        Raises:
            RuntimeError: no such skill or split, one that is held out, or no item is left.
        """
        overrides = [f"skill={self.config.skill}", f"run.split={self.config.split}"]
        overrides += self.config.overrides
        for one in _opened(tuple(overrides)).items:
            data = SkillData(
                id=one["item"],
                name=one["item"],
                item=one["item"],
                family=one["family"],
                system_prompt=one["system"],
                prompt=one["question"],
                tools=one["tools"],
                overrides=overrides,
            )
            yield SkillTask(data, self.config.task)


class OneCallConfig(vf.HarnessConfig):
    """Nothing to set."""


class OneCall(vf.Harness[OneCallConfig]):
    """Ask the model once, with the item's tool; its answer is judged and not continued."""

    APPENDS_SYSTEM_PROMPT = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def launch(
        self,
        ctx: vf.ModelContext,
        trace: vf.Trace,
        runtime: vf.Runtime,
        endpoint: str,
        secret: str,
        mcp_urls: dict[str, str],
        data: SkillData,
    ) -> ProgramResult:
        """Send one request to the endpoint that the library watches."""
        messages = [
            {"role": "system", "content": data.system_prompt},
            {"role": "user", "content": data.prompt},
        ]
        body = {"model": ctx.model, "messages": messages, "tools": data.tools}
        async with httpx.AsyncClient(timeout=_ASK_S, trust_env=False) as client:
            answer = await client.post(
                f"{endpoint.rstrip('/')}/chat/completions",
                json=body,
                headers={"Authorization": f"Bearer {secret}"},
            )
        if answer.is_success:
            return ProgramResult(exit_code=0, stdout="", stderr="")
        said = f"the model's server answers {answer.status_code}: {answer.text[:500]}"
        return ProgramResult(exit_code=1, stdout="", stderr=said)


@functools.cache
def _opened(overrides: tuple[str, ...]) -> Forge:
    forge = Forge(overrides)
    atexit.register(forge.close)
    return forge


def _last(trace: vf.Trace) -> dict[str, Any]:
    """Return the answer in OpenAI's form, {} if the model gave none."""
    if not trace.assistant_messages:
        return {}
    said = trace.assistant_messages[-1]
    calls = [
        {"function": {"name": call.name, "arguments": call.arguments}}
        for call in said.tool_calls or ()
    ]
    return {"content": said.content or "", "tool_calls": calls}
