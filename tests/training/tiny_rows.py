"""Rows that a tiny model is trained on: prompts, answers that call a tool, files of both."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "conf/model/templates/chatml_hermes.jinja"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "apply_fix",
            "description": "Run a script.",
            "parameters": {
                "type": "object",
                "properties": {"fix_script": {"type": "string"}},
                "required": ["fix_script"],
            },
        },
    }
]


def answer(script):
    arguments = json.dumps({"fix_script": script}, ensure_ascii=False)
    call = {"type": "function", "function": {"name": "apply_fix", "arguments": arguments}}
    return {"role": "assistant", "content": "", "tool_calls": [call]}


def asked(number):
    return [
        {"role": "system", "content": "You fix rules."},
        {"role": "user", "content": f"Rule: rule_{number}"},
    ]


def script(number):
    # What JSON escapes, what it need not, and what a template might: all of it must survive.
    return f"printf '%s\\n' \"k{number} = <é> & 'x'\" >> /etc/a\n"


def write(folder, rows):
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "train.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder
