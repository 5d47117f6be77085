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


KIT = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"{name} a table.",
            "parameters": {"type": "object", "properties": {"table": {"type": "integer"}}},
        },
    }
    for name in ("look_up", "reserve")
]


def talk(job: int, score: float = 1.0) -> dict:
    """A conversation of three turns in a form that no source of ours knows by name."""
    call = {
        "id": f"c{job}",
        "type": "function",
        "function": {"name": "reserve", "arguments": {"table": job, "guests": {"of_age": job % 7}}},
    }
    return {
        "job": f"dinner-{job}",
        "score": score,
        "take": 1,
        "kit": KIT,
        "dialogue": [
            {"role": "system", "content": "You reserve tables. Be brief."},
            {"role": "user", "content": f"Guest {job * 7919} wants table {job} near the window."},
            {"role": "assistant", "content": f"For how many guests is table {job}?"},
            {"role": "user", "content": f"For {job % 7}, \u00e9 & 'all' of them \"grown\"."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{job}", "content": f"table {job}: reserved"},
            {"role": "assistant", "content": f"Table {job} is yours, guest {job * 7919}."},
            {"role": "user", "content": "Thank you, that was all."},
        ],
    }


TALKS = (
    "source=trajectories",
    "skill=recorded",
    "skill.name=dinners",
    "source.mapping.item='{job}'",
    "source.mapping.messages='{dialogue}'",
    "source.mapping.tools='{kit}'",
    "source.mapping.attempt='{take}'",
    "source.mapping.outcome='{score}'",
)
"""What `forge ingest` is told of such a file, besides its path."""
