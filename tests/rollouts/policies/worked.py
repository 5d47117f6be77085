"""Worked examples of a made-up skill."""

import json

from harness_forge.core.records import ToolCall, WorkItem
from harness_forge.rollouts.policies.teacher import tool_message
from harness_forge.rollouts.policies.worked_examples import WorkedExample


def worked(item_id, family="f", title="", group=None) -> WorkedExample:
    arguments = {"fix_script": f"fix {item_id}"}
    return WorkedExample(
        WorkItem(item_id, title or f"Title of {item_id}", "low", family, group or item_id),
        ToolCall("apply_fix", arguments),
        tool_message("apply_fix", arguments),
    )


def script(message) -> str:
    return json.loads(message["tool_calls"][0]["function"]["arguments"])["fix_script"]
