"""Names with quotes, new lines and of any length come in, or are told of once."""

import json
import random
import string

import pytest

LONG = "".join(random.Random(5).choices(string.ascii_letters, k=10_000))
ODD = "a'b\"c;--\n\t%s {x} \\ é"


def record(name):
    call = {"type": "function", "function": {"name": name, "arguments": "{}"}}
    return {
        "task": name[:20], "run": name, "model": name, "reward": 1.0,
        "tools": [{"type": "function", "function": {"name": name}}],
        "chat": [
            {"role": "user", "content": "Do " + name[:30]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
        ],
    }  # fmt: skip


@pytest.mark.parametrize("name", [ODD, ODD * 500, LONG], ids=["odd", "odd_long", "long"])
def test_a_name_goes_through_ingest_export_and_labels(store, forge, lines_of, tmp_path, name):
    path = lines_of(tmp_path / "a'b c.jsonl", [record(name)])
    words = [
        "source.mapping.item='{task}'", "source.mapping.messages='{chat}'",
        "source.mapping.outcome='{reward}'", "source.mapping.run='{run}'",
        "source.mapping.model='{model}'", "source.mapping.tools='{tools}'",
    ]  # fmt: skip
    code, said = forge("ingest", "source=trajectories", f"path={path}", *words)
    assert code == 0, said[-600:]
    assert "1 attempts added" in said
    [skill] = store.skills()
    assert forge("export", f"skill={skill}", "role=agent")[0] == 0
    [path] = tmp_path.rglob("train.jsonl")
    line = json.loads(path.read_text())
    tools = line["tools"]
    tools = json.loads(tools) if isinstance(tools, str) else tools
    assert tools[0]["function"]["name"] == name
    assert line["messages"][-1]["tool_calls"][0]["function"]["name"] == name
    code, said = forge("trace", str(path.parent), "train:1")
    assert (code, "Traceback" in said) == (0, False), said[:400]
    store.skill(skill).flag("attempts", 1, name[:200], {"name": name}, name)
    code, said = forge("labels", "ls", f"skill={skill}")
    assert (code, "Traceback" in said) == (0, False)


def test_an_item_of_any_length_is_told_of_once(store, forge, lines_of, tmp_path):
    path = lines_of(tmp_path / "a.jsonl", [{"task": LONG, "reward": 1.0, "chat": []}])
    code, said = forge(
        "ingest", "source=trajectories", f"path={path}", "source.mapping.item='{task}'",
        "source.mapping.messages='{chat}'", "source.mapping.outcome='{reward}'",
    )  # fmt: skip
    assert code == 16
    assert "1: misfit: item is a text of 10000 characters, not a name\n" in said
