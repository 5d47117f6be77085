"""Records as others write them; the words are ours."""

from __future__ import annotations

import json

USER = {"role": "user", "content": "Please move my flight."}


def conversation(task: int, trial: int, reward: float = 1.0) -> dict:
    """A record in tau-bench's form: words of ours, its habits."""
    arguments = json.dumps({"user": f"u{task}"})
    function = {"name": "find_user", "arguments": arguments}
    call = {"id": "c1", "type": "function", "function": function}
    return {
        "task_id": task,
        "trial": trial,
        "reward": reward,
        "info": {"task": {"actions": [{"name": f"act_{task % 3}"}], "outputs": []}},
        "traj": [
            {"role": "system", "content": "You help travellers."},
            USER,
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "name": "find_user", "content": f"user {task}"},
            {"role": "assistant", "content": f"Moved flight {task}, try {trial}."},
            {"role": "user", "content": "###STOP###"},
        ],
    }
