"""A secret in any field of a record stands in no file of the dataset, nor in any id."""

# ruff: noqa: E501

import json
import random
import string

import pytest

from harness_forge import cli

_DRAW = random.Random(11)
TOKEN = "gh" + "p_" + "".join(_DRAW.choices(string.ascii_letters + string.digits, k=36))
PASSWORD = "vK7-lattice-52-Zp"
TOOL = {
    "type": "function",
    "function": {
        "name": "connect",
        "description": f"Opens the shop with {TOKEN}",
        "parameters": {
            "type": "object",
            "properties": {"key": {"type": "string", "default": TOKEN}},
        },
    },
}


def user(text):
    return {"role": "user", "content": text}


def said(text, **more):
    return {"role": "assistant", "content": text, **more}


def called(arguments):
    function = {"name": "connect", "arguments": json.dumps(arguments)}
    return said("", tool_calls=[{"id": "c1", "type": "function", "function": function}])


RECORDS = {
    "nested JSON": {"chat": [user("Show the settings."), said(json.dumps(json.dumps({"env": json.dumps({"DB_PASSWORD": PASSWORD})})))]},
    "escaped lines": {"chat": [user("Show the file."), said("printf " + json.dumps(f"A=1\nDB_PASSWORD={PASSWORD}\nB=2\n"))]},
    "arguments": {"chat": [user("Open the shop."), called({"key": TOKEN})], "tools": [TOOL]},
    "names of arguments": {"chat": [user("Close the shop."), called({"key": {TOKEN: 1}})], "tools": [TOOL]},
    "tool result": {
        "chat": [
            user("Open it, and tell me how many orders there are."),
            called({"key": "x"}),
            {"role": "tool", "tool_call_id": "c1", "content": f"ok {TOKEN}"},
            said("There are nine orders in the shop."),
        ],
        "tools": [TOOL],
    },
    "schema": {"chat": [user("What is the default?"), said("The one in the tool.")], "tools": [TOOL]},
    "URL": {"chat": [user("Which URL?"), said(f"https://api.shop.example/v1?api_key={PASSWORD} or key%3D{TOKEN}")]},
    f"shop {TOKEN}": {"chat": [user("Which one?"), said("The one that is named.")]},
    "run": {"chat": [user("Which run?"), said("The one that is named.")], "run": f"mkoch@shop7.corp:{TOKEN}"},
    "family": {"chat": [user("Which family?"), said("The one that is named.")], "family": f"shop {TOKEN}"},
}  # fmt: skip


@pytest.fixture
def dataset(store, tmp_path):
    records = [{"task": name, "reward": 1, **record} for name, record in RECORDS.items()]
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    words = ["skill=recorded", f"store.url='{store.url}'", f"forge_home={tmp_path / 'home'}"]
    mapping = {
        "item": "{task}", "messages": "{chat}", "outcome": "{reward}",
        "run": "{run|}", "family": "{family|shop}", "tools": "{tools|}",
    }  # fmt: skip
    source = [f'source.mapping.{key}="{value}"' for key, value in mapping.items()]
    assert cli.main(["ingest", "source=trajectories", f"path={path}", *words, *source]) == 0
    out = [f"data_dir={tmp_path / 'data'}", "engine.workers=0"]
    assert cli.main(["export", "role=agent", *words, *out]) == 0
    return tmp_path / "data" / "recorded_agent_sft"


def test_no_file_of_the_dataset_holds_it_in_whole_or_in_part(dataset):
    parts = {PASSWORD, TOKEN, TOKEN[4:16], TOKEN[-12:], "mkoch", "shop7"}
    files = [path for path in dataset.rglob("*") if path.is_file()]
    assert len(files) >= 4
    for path in files:
        text = path.read_text(errors="replace")
        assert {part for part in parts if part in text} == set(), path.name


def test_the_lines_are_there_and_say_pseudonyms(dataset):
    lines = [json.loads(line) for line in (dataset / "train.jsonl").read_text().splitlines()]
    assert len(lines) >= 5
    items = {line["item_id"] for line in lines}
    assert any("redacted-github-token-" in item for item in items)
