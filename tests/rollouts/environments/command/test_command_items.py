"""Items read from files and commands: what is wrong with one is said with its place."""

import json
from dataclasses import replace

import pytest

from harness_forge.config.command import CommandConfig
from harness_forge.core.errors import ConfigError, ForgeError, RunError
from harness_forge.rollouts.environments.command import items
from harness_forge.rollouts.environments.command.templates import TextTemplate

CONFIG = CommandConfig(system="s", prompt="{ask}", files={"in/{id}.txt": "{data.0.x}"})


def loaded(tmp_path, text, name="items.jsonl", **changes):
    path = tmp_path / name
    path.write_text(text)
    return items.load(replace(CONFIG, items=str(path), **changes))


def test_an_item_has_its_prompt_and_files(tmp_path):
    row = {"id": "lamp", "ask": "Is {it} lit?", "data": [{"x": 3}]}
    (item,) = loaded(tmp_path, json.dumps(row)).values()
    assert (item.title, item.family, item.prompt) == ("lamp", "lamp", "Is {it} lit?")
    assert item.files == {"in/lamp.txt": (b"3", False)}
    assert item.place == "items.jsonl:1"


def test_gold_has_the_types_of_the_tool_s_schema(tmp_path):
    parts = {"how": {"type": "object"}, "times": {"type": "integer"}, "why": {"type": "string"}}
    changes = {
        "tool": {"name": "light", "parameters": {"type": "object", "properties": parts}},
        "gold": {"how": "{how}", "times": "{times}", "why": "{times}"},
    }
    row = {"id": "lamp", "ask": "?", "data": [{"x": 3}], "how": {"bright": True}, "times": 2}
    (item,) = loaded(tmp_path, json.dumps(row), **changes).values()
    assert item.gold == {"how": {"bright": True}, "times": 2, "why": "2"}
    with pytest.raises(RunError) as error:
        loaded(tmp_path, json.dumps(row | {"times": "twice"}), **changes)
    assert str(error.value) == (
        "items.jsonl:1: skill.command.gold.times is no JSON: 'twice'\n"
        "  hint: light takes integer there"
    )


def test_a_table_is_read_too(tmp_path):
    found = loaded(tmp_path, 'id,ask\na,"one, two"\nb,three\n', "items.csv", files={})
    assert [item.prompt for item in found.values()] == ["one, two", "three"]


def test_a_command_prints_items(tmp_path):
    script = tmp_path / "gen.py"
    script.write_text('print(\'{"id": "a", "ask": "b"}\')')
    config = replace(CONFIG, items_command=f"{{python}} {script}", files={})
    assert list(items.load(config)) == ["a"]


def test_a_folder_of_its_own_is_laid_out_without_caches(tmp_path):
    folder = tmp_path / "tasks/a"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__/x.pyc").write_text("x")
    (folder / "run.sh").write_text("exit")
    (folder / "run.sh").chmod(0o755)
    line = '{"id": "a", "ask": "b"}'
    (item,) = loaded(tmp_path, line, folder=f"{tmp_path}/tasks/{{id}}", files={}).values()
    assert item.files == {"run.sh": (b"exit", True)}


@pytest.mark.parametrize(
    ("text", "changes", "said"),
    [
        ("\n[1]\n", {}, "items.jsonl:2: is no JSON object: '[1]'"),
        ('{"id": "a"}', {}, "items.jsonl:1: has no field 'ask', which skill.command.prompt names"),
        ('{"id": ""}', {"prompt": "x"}, "items.jsonl:1: has an empty id"),
        (
            '{"id": "a"}\n{"id": "a"}',
            {"prompt": "x", "files": {}},
            "items.jsonl:2: has the id 'a', as items.jsonl:1 has",
        ),
        (
            '{"id": "../a"}',
            {"prompt": "x", "files": {"{id}": "t"}},
            "items.jsonl:1: skill.command.files leads out of /work: '../a'",
        ),
        ("", {}, "skill.command.items: there is no item in it"),
        (
            '{"id": "a"}',
            {"prompt": "x", "folder": "nowhere/{id}"},
            "items.jsonl:1: there is no folder nowhere/a",
        ),
        ("{}", {"families": {"(": "x"}}, "skill.command.families.(: is no regular expression"),
    ],
)
def test_faults_say_where(tmp_path, text, changes, said):
    with pytest.raises(ForgeError) as error:
        loaded(tmp_path, text, **changes)
    assert str(error.value).startswith(said)


def test_a_row_with_too_many_cells_is_refused(tmp_path):
    with pytest.raises(RunError) as error:
        loaded(tmp_path, "id,ask\na,b,c\n", "items.csv", files={})
    assert str(error.value) == (
        "items.csv:2: has not the 2 fields of the first line\n  hint: quote fields that hold commas"
    )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-generator", "does not start: No such file or directory"),
        ("{python} -c 'raise SystemExit(\"no seed\")'", "exits 1: no seed"),
    ],
)
def test_a_command_that_fails_says_how(command, said):
    with pytest.raises(ConfigError) as error:
        items.load(replace(CONFIG, items_command=command))
    assert str(error.value) == (f"skill.command.items_command: {said}\n  hint: it was: {command}")


def test_items_come_from_one_place():
    with pytest.raises(ConfigError, match=r"skill.command.items: is missing"):
        items.load(CONFIG)
    with pytest.raises(ConfigError, match=r"skill.command.items: stands beside items_command"):
        items.load(replace(CONFIG, items="a", items_command="b"))


def test_braces_are_written_twice_and_lone_ones_refused():
    assert TextTemplate("prompt", "{{{a}}} {b.0}").render({"a": 1, "b": ["x"]}, "p") == "{1} x"
    with pytest.raises(ConfigError, match=r"skill.command.prompt: a brace stands alone at '\{x'"):
        TextTemplate("prompt", "set {x")
