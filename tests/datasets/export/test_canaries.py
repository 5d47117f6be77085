"""Secrets planted in a store: none may stand in any file of a dataset, whatever its format."""

from __future__ import annotations

import json

import pytest

from harness_forge import cli
from harness_forge.core.records import Split, WorkItem
from harness_forge.datasets.formats.endings import read_lines

TOKEN = "gh" + "p_" + "C4n4ry" * 6
PASSWORD = "C4naryPass77!"
HOST = "canary07.prod.canarycorp.dev"
ADDRESS = "10.77.66.55"
PERSON = "canaryperson"
MAIL = "c.anary@canarymail.io"
KEY = "AK" + "IA" + "CANARY" + "0123456789"
CANARIES = (TOKEN, PASSWORD, HOST, "canary07", "canarycorp", ADDRESS, PERSON, MAIL, KEY)

SCRIPT = f"""#!/bin/bash
export GITHUB_TOKEN={TOKEN} DB_PASSWORD='{PASSWORD}'
scp /home/{PERSON}/fix.sh {PERSON}@{HOST}:/tmp
curl -u admin:{PASSWORD} https://{HOST}/api?from={ADDRESS}
echo "{MAIL} {KEY}" >> /etc/motd
"""
TASKS = (
    "The clock asks three servers",
    "No shell is without a time limit",
    "Kernel messages reach only the administrator",
    "Cron tables belong to their owner",
    "Old passwords are remembered",
    "Mounted sticks start no programs",
)
PROMPT = f"Seen on {HOST} ({ADDRESS}), ask {MAIL}.\nLog: /home/{PERSON}/scan.log"


@pytest.fixture
def fill(harness):
    tool = {
        "type": "function",
        "function": {
            "name": "apply_fix",
            "description": f"Run a script on {HOST} as root.",
            "parameters": {"type": "object", "properties": {"host": {"default": ADDRESS}}},
        },
    }
    for number in range(6):
        name = f"rule_{number}"
        item = harness.item(name, Split.VALIDATION if number == 5 else Split.TRAIN)
        told = {"prompt": f"{TASKS[number]}, {name}.\n{PROMPT} {number}", "tools": [tool]}
        harness.attempt(item, f"{SCRIPT}# {number}", **told)
        harness.attempt(item, f"{SCRIPT}# bad {number}", passed=False, **told)
    named = WorkItem(HOST, "Reachable", "low", f"on {HOST}", HOST, True)
    harness.skill.upsert_items([named])
    harness.skill.assign_splits({HOST: Split.TRAIN}, "salt")
    harness.attempt(
        named, SCRIPT, prompt=f"A host of this name is found in seconds.\n{PROMPT} named"
    )


def export(store, harness, home, *words):
    where = [f"store.url='{store.url}'", f"data_dir={harness.data_dir}", f"forge_home={home}"]
    assert cli.main(["export", "role=worker", "skill=stig", *where, *words]) == 0
    return next(harness.data_dir.iterdir())


@pytest.mark.parametrize(
    "words",
    [
        ["format=sft"],
        ["format=dpo"],
        ["format=sft", "format.extension=jsonl.gz"],
        ["format=sft", "redaction.domains=[canarycorp.dev]"],
        ["format=sft", "redaction.allow.lab='lab7'", f"+export.params.who={MAIL}"],
    ],
    ids=["sft", "dpo", "gz", "domains", "settings"],
)
def test_no_canary_comes_through_in_any_file(store, harness, fill, tmp_path, words):
    folder = export(store, harness, tmp_path / "home", *words)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert {"README.md", "manifest.json"} < {path.name for path in files}
    found = [
        (path.name, canary)
        for path in files
        for line in read_lines(path)
        for canary in CANARIES
        if canary.encode() in line
    ]
    assert "\n".join(map(str, sorted(set(found)))) == ""


def test_the_lines_still_say_what_is_done_where(store, harness, fill, tmp_path):
    folder = export(store, harness, tmp_path / "home", "format=sft")
    line = json.loads((folder / "train.jsonl").read_bytes().splitlines()[0])
    *_, asked, answered = line["messages"]
    arguments = json.loads(answered["tool_calls"][0]["function"]["arguments"])
    host = asked["content"].partition("Seen on ")[2].partition(" ")[0]
    assert host.startswith("host-")
    assert f"@{host}:/tmp" in arguments["fix_script"]
    assert f"https://{host}/api" in arguments["fix_script"]
