"""`forge source new` and `forge ingest --dry-run`, as their users call them."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from harness_forge.cli import ingest, main
from harness_forge.cli.source import _text

CHAT = [{"who": "person", "text": "Where?"}, {"who": "machine", "text": "Over \x1b[31mthere."}]


@pytest.fixture
def records(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [{"task": f"t{n}", "kind of": n, "passed": bool(n), "chat": CHAT} for n in range(2)]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_a_source_is_written_shown_and_read(records, capsys):
    assert main(["source", "new", "own.jsonl"]) == 0
    said = capsys.readouterr().out
    assert "wrote conf/source/own.yaml" in said
    assert "skill recorded: 2 attempts would be added" in said
    assert "\x1b" not in said
    assert "   assistant  Over \\u001b[31mthere." in said
    assert said.endswith("next: forge ingest source=own path=own.jsonl skill.name=own\n")
    written = (records / "conf/source/own.yaml").read_text()
    assert '  item: "{task}"  # in all records, such as t0\n' in written
    assert "    person: user\n" in written


def test_a_source_that_is_there_is_not_overwritten(records, capsys):
    assert main(["source", "new", "own.jsonl", "mine"]) == 0
    assert main(["source", "new", "own.jsonl", "mine"]) == 2
    assert "there is a source mine already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["source"], "which action?"),
        (["source", "make", "own.jsonl"], "make"),
        (["source", "new"], "which file?"),
        (["source", "new", "gone.jsonl"], "no such file: gone.jsonl"),
        (["source", "new", "own.jsonl", "My-Source"], "'My-Source' is no name"),
        (["ingest", "--dryrun", "source=dataset", "path=own.jsonl"], "unknown flag '--dryrun'"),
    ],
)
def test_slips_are_named(records, capsys, words, said):
    assert main(words) == 2
    assert said in capsys.readouterr().err


def test_a_dry_run_counts_what_is_left_out_and_writes_nothing(records, capsys):
    given = ["source=trajectories", "source.path=own.jsonl", "source.mapping.messages={chat}"]
    given += ["source.mapping.message_keys.who=role", "source.mapping.message_keys.text=content"]
    given += ["source.mapping.roles.person=user", "source.max_bad_share=1"]
    with (records / "own.jsonl").open("a") as file:
        file.write('{"task": 3}\n')
    assert ingest.main(["--dry-run", *given, "source.mapping.roles.machine=assistant"]) == 0
    said = capsys.readouterr().out
    assert "2 attempts would be added" in said
    assert "nothing is written: --dry-run" in said
    assert sorted(one.name for one in records.iterdir()) == ["own.jsonl"]


def test_words_that_yaml_takes_for_something_else_stay_words(records, capsys):
    chat = [{"role": "user", "on": "Where?", "text": "Where?"}, {"role": "no", "text": "There."}]
    lines = [{"task": f"t{n}", "passed": True, "chat": chat} for n in range(2)]
    (records / "odd.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert _text("no") == '"no"' and _text("a\\b") == '"a\\\\b"' and _text(True) == "true"
    main(["source", "new", "odd.jsonl"])
    assert "source.mapping.roles.no=user" in capsys.readouterr().out


def test_a_hostile_name_of_a_file_adds_no_line_and_runs_nothing(records, capsys):
    name = "a\nskill: taken #'; touch own \x1b[31m.jsonl"
    (records / "own.jsonl").rename(records / name)
    assert main(["source", "new", name, "mine"]) == 0
    written = (records / "conf/source/mine.yaml").read_text()
    assert yaml.safe_load(written)["skill"] == "recorded"
    command = written.splitlines()[1].removeprefix("# ")
    assert shlex.split(command)[:4] == ["forge", "ingest", "--dry-run", "source=mine"]
    assert main(["source", "new", name, "mine"]) == 2
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    shown = said.err.partition("hint: ")[2].strip().replace("\\u001b", "\x1b")
    assert shlex.split(shown) == ["forge", "source", "new", name, "OTHER_NAME"]


def test_the_command_in_the_file_works_where_the_user_stood(records, capsys):
    (records / "runs of may").mkdir()
    (records / "own.jsonl").rename(records / "runs of may/own.jsonl")
    given = "source.mapping.family=shop"
    assert main(["source", "new", "runs of may/own.jsonl", "mine", given]) == 0
    capsys.readouterr()
    written = (records / "conf/source/mine.yaml").read_text()
    command = shlex.split(written.splitlines()[1].removeprefix("# "))
    assert command[-2:] == ["path=runs of may/own.jsonl", given]
    assert main(command[1:]) == 0
    assert "2 attempts would be added" in capsys.readouterr().out


def test_where_nothing_is_recognised_a_skeleton_is_written_to_be_filled_in(records, capsys):
    steps = [{"p": "X", "w": "Wo?"}, {"p": "Y", "w": "Da."}]
    (records / "odd.jsonl").write_text(json.dumps({"task": "t", "steps": steps}) + "\n")
    assert main(["source", "new", "odd.jsonl"]) == 1
    said = capsys.readouterr().out
    assert "steps may hold the messages" in said
    command = "forge ingest --dry-run source=odd path=odd.jsonl"
    assert said.endswith(f"\nnext: fill in conf/source/odd.yaml, then {command}\n")
    target = records / "conf/source/odd.yaml"
    lines = target.read_text().splitlines()
    at = lines.index('  # messages: "{steps}"')
    filled = [re.sub("^  # ", "  ", line) for line in lines[at:]]
    target.write_text("\n".join([*lines[:at], *filled]))
    assert main(shlex.split(command)[1:]) == 0
    assert "   assistant  Da." in capsys.readouterr().out


def test_what_messages_hold_and_nothing_reads_is_said(records, capsys):
    edits = [{"path": "a.py", "to": "\x1b[31m"}]
    chat = [CHAT[0], {**CHAT[1], "id": "m1", "ts": "2024-01-01 10:00:00", "edits": edits}]
    (records / "own.jsonl").write_text(json.dumps({"task": "t", "passed": True, "chat": chat}))
    assert main(["source", "new", "own.jsonl"]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "  chat.*.edits                   in 50.0% of messages, such as [{" in said
    line = """  own.jsonl: nothing reads 'edits' of 1 message, such as [{"path": "a.py","""
    assert line in said
    assert said.count("nothing reads") == 1


def test_calls_in_no_known_form_are_counted_and_the_documented_script_converts_them(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    said = [{"who": "robot", "say": "", "acts": [{"fn": {"name": "sh", "in": {"a": 1}}, "ref": 7}]}]
    said += [{"who": "shell", "say": "ok", "ref": 7}, {"who": "robot", "say": "Done."}]
    record = {"task": "t", "dialog": [{"who": "user", "say": "Go."}, *said]}
    (tmp_path / "runs.jsonl").write_text(json.dumps(record) + "\n")
    given = ["source=trajectories", "source.mapping.item={task}"]
    given += ["source.mapping.messages={dialog}", "source.mapping.message_keys.who=role"]
    given += ["source.mapping.message_keys.say=content", "source.mapping.roles.robot=assistant"]
    given += ["source.mapping.roles.shell=tool"]
    acts = "source.mapping.message_keys.acts=tool_calls"
    assert main(["ingest", "--dry-run", *given, acts, "path=runs.jsonl"]) == 0
    shown = capsys.readouterr().out
    assert '1 call of 1 answer in no known form, such as {"fn": {"name": "sh"' in shown
    assert "None None" not in shown

    documented = (Path(__file__).parents[2] / "docs/records.md").read_text(encoding="utf-8")
    script = documented.split("```python\n# convert.py")[1].split("```")[0]
    found = subprocess.run(
        [sys.executable, "-c", f"# {script}"],
        input=json.dumps(record),
        text=True,
        capture_output=True,
        check=True,
    )
    (tmp_path / "converted.jsonl").write_text(found.stdout)
    assert main(["ingest", "--dry-run", *given, "path=converted.jsonl"]) == 0
    shown = capsys.readouterr().out
    assert "no known form" not in shown
    assert '-> sh {"a": 1}' in shown


def test_a_slip_in_a_setting_leaves_no_file_and_a_right_one_is_written(records, capsys):
    assert main(["source", "new", "own.jsonl", "source.grop={task}"]) == 2
    assert "source.grop: unknown key" in capsys.readouterr().err
    assert not (records / "conf").exists()
    (records / "a.json").write_text(json.dumps({"data": [{"task": "t", "chat": CHAT}] * 2}))
    assert main(["source", "new", "a.json", "source.records=data"]) == 0
    assert "\nrecords: data  # as it was given\n" in (records / "conf/source/a.yaml").read_text()
    assert "2 attempts would be added" in capsys.readouterr().out


@pytest.mark.parametrize("value", ["passed}", "{passed", "}"])
def test_a_brace_without_its_partner_is_named_with_its_key(records, capsys, value):
    assert main(["source", "new", "own.jsonl", f"source.mapping.outcome={value}"]) == 2
    said = capsys.readouterr().err
    assert f"source.mapping.outcome: has a brace or a quote without its partner: {value}\n" in said
    assert not (records / "conf").exists()


@pytest.mark.parametrize("array", [True, False])
def test_a_broken_record_is_named_behind_what_was_understood_and_ends_as_ingest_does(
    records, capsys, array
):
    lines = (records / "own.jsonl").read_text().splitlines()
    cut = lines[0][:30]
    text = "[" + ",".join([*lines, cut]) if array else "\n".join([*lines, cut, lines[0]])
    (records / "cut.jsonl").write_text(text)
    assert main(["source", "new", "cut.jsonl"]) == 16
    said = capsys.readouterr().out
    assert "wrote conf/source/cut.yaml" in said
    assert said.index("1. item t0") < said.index("\nnot yet: cut.jsonl")
    assert "element 3: is no JSON" in said if array else "\n  3: not_json: " in said
    again = "forge ingest --dry-run source=cut path=cut.jsonl"
    assert said.endswith(
        f"\nnext: nothing of it can be taken in yet: mend cut.jsonl, then {again}\n"
    )
    assert main(shlex.split(again)[1:]) == 16
    found = capsys.readouterr()
    assert "1. item t0" in found.out
    assert "are in the store; " not in found.err


def test_a_file_that_ends_within_a_record_may_still_grow_and_is_read(records, capsys):
    whole = (records / "own.jsonl").read_text()
    (records / "cut.jsonl").write_text(whole + whole[:30])
    assert main(["source", "new", "cut.jsonl"]) == 0
    said = capsys.readouterr().out
    assert "line 3: not_json: the file ends here" in said
    assert "2 attempts would be added" in said


def test_what_is_given_is_taken_written_and_not_asked_for(records, capsys):
    chat = [{"role": "zork", "content": "Where?"}, {"role": "blip", "content": "There."}]
    lines = [{"task": f"t{n}", "reward": n % 2, "success": True, "chat": chat} for n in range(4)]
    (records / "two.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    given = ["source.mapping.outcome={success}", "source.mapping.roles.zork=user"]
    given += ["source.mapping.roles.blip=assistant"]
    assert main(["source", "new", "two.jsonl", "mine", *given]) == 0
    said = capsys.readouterr().out
    assert "to be said by you" not in said
    assert "4 attempts would be added" in said
    written = (records / "conf/source/mine.yaml").read_text()
    assert '  outcome: "{success}"  # as it was given\n' in written
    assert "  roles:  # as it was given\n    zork: user\n    blip: assistant\n" in written


def test_where_nothing_can_be_read_yet_it_is_said_what_comes_next(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    chat = [*CHAT, {"who": "wizard", "text": "Abracadabra"}]
    lines = (json.dumps({"task": f"t{n}", "passed": True, "chat": chat}) for n in range(3))
    (tmp_path / "own.jsonl").write_text("\n".join(lines) + "\n")
    assert main(["source", "new", "own.jsonl"]) == 0
    assert capsys.readouterr().out.endswith(
        "\nnext: nothing of it can be taken in yet: answer in conf/source/own.yaml what is to be"
        " said by you, then forge ingest --dry-run source=own path=own.jsonl\n"
    )
