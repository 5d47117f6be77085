"""Records that the store's tests write."""

from __future__ import annotations

from dataclasses import replace

from harness_forge.core.records import (
    Attempt,
    Origin,
    Outcome,
    Tip,
    TipRetrieval,
    ToolCall,
    Turn,
    WorkItem,
)

ITEM = WorkItem(
    item_id="sshd_set_keepalive",
    title="A title of ours",
    severity="medium",
    family="sshd",
    group_key="sshd_set_keepalive",
    full_cycle=True,
    digest="abc",
    facts={"path": "/etc/ssh/sshd_config", "numbers": [1, 2]},
)
PASSED = Outcome(True, 1.0, 1.0, None, "passes", "openscap", "1", seconds=0.4)
FAILED = Outcome(False, 0.0, 1.0, "target_fails", "fails", "openscap", "1")
TOOLS = [{"type": "function", "function": {"name": "apply_fix", "parameters": {}}}]
RUN = {
    "policy": "gold",
    "purpose": "collect",
    "config": {"seed": 1},
    "evaluator": "openscap",
    "evaluator_version": "1",
    "content_digest": "c",
}


def turn(agent: str = "worker", content: str = "done") -> Turn:
    return Turn(
        agent=agent,
        messages=[{"role": "user", "content": "fix it"}],
        tools=TOOLS,
        response={"role": "assistant", "content": content},
        model="gold",
        sampling={"temperature": 0},
    )


def attempt(number: int = 1, outcome: Outcome = PASSED, **changes) -> Attempt:
    made = Attempt(
        item_id=ITEM.item_id,
        attempt_num=number,
        origin=Origin.OURS,
        prompt="fix it",
        tool_call=ToolCall("apply_fix", {"fix_script": "echo 1"}),
        outcome=outcome,
        turns=[turn(), turn("reflector", "it was easy")],
        model="gold",
    )
    return replace(made, **changes)


TIP = Tip("look first", "strategy", "reads the file", ["sshd"], ["sshd"])


def retrieval(tip_id: int) -> TipRetrieval:
    return TipRetrieval(tip_id, rank=1, similarity_score=0.5, included=True, probability=0.5)
