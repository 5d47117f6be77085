"""Items read from files and commands: what is wrong with one is said with its place."""

import csv
import json
from dataclasses import replace

import pytest

from harness_forge.config.command import CommandConfig
from harness_forge.core.errors import ConfigError, ForgeError, RunError
from harness_forge.rollouts.environments.command import items, tool_schema
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


def test_a_table_s_columns_may_have_dots_in_their_names(tmp_path):
    text = "Nr.,v1.2 (old)\n7,a\n"
    changes = {"id": "{Nr.}", "family": "a", "prompt": "{v1.2 (old)}", "files": {}}
    (item,) = loaded(tmp_path, text, "i.CSV", **changes).values()
    assert (item.id, item.prompt) == ("7", "a")


def test_an_item_is_a_family_of_its_own_by_whatever_names_it(tmp_path):
    found = loaded(tmp_path, "name,ask\na,one\nb,two\n", "i.csv", id="rule {name}", files={})
    assert [item.family for item in found.values()] == ["rule a", "rule b"]


def test_a_cell_holds_any_text(tmp_path):
    texts = ["a\x0cb\u2028c\x85d", "one\r\ntwo", "x" * 200_000]
    with (tmp_path / "items.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "ask"], *enumerate(texts)])
    found = items.load(replace(CONFIG, items=str(tmp_path / "items.csv"), files={}))
    assert [item.prompt for item in found.values()] == texts


def test_a_table_with_two_columns_of_one_name_is_refused(tmp_path):
    with pytest.raises(RunError, match=r"items.csv:1: names the field 'ask' twice"):
        loaded(tmp_path, "id,ask,ask,,\na,b,c,,\n", "items.csv", files={})


def test_an_argument_may_be_of_several_types():
    parts = {"a": {"type": ["string", "null"]}, "b": {"type": ["null", "integer"]}, "c": {}}
    given = {"name": "light", "parameters": {"type": "object", "properties": parts}}
    assert tool_schema.empty(given) == {"a": "", "b": 0, "c": ""}
    assert tool_schema.typed(given, "gold", "a", "no JSON", "i:1") == "no JSON"
    assert tool_schema.typed(given, "gold", "b", "3", "i:1") == 3


def test_a_command_prints_items(tmp_path):
    script = tmp_path / "gen.py"
    script.write_text('print(\'{"id": "a", "ask": "b"}\')')
    config = replace(CONFIG, items_command=f"{{python}} {script}", files={})
    assert list(items.load(config)) == ["a"]


def test_a_folder_of_its_own_is_laid_out_without_caches(tmp_path):
    folder = tmp_path / "tasks/a"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__/x.pyc").write_text("x")
    (folder / "env/lib").mkdir(parents=True)
    (folder / "env/pyvenv.cfg").write_text("home = /usr/bin")
    (folder / "env/lib/x.py").write_text("x")
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
            '{"id": "half\\ud83d"}',
            {"prompt": "x", "files": {}},
            r"items.jsonl:1: has the character '\ud83d' in its id, which the store cannot keep",
        ),
        (
            '{"id": "a", "kind": "b\\u0000"}',
            {"prompt": "x", "files": {}, "family": "{kind}"},
            r"items.jsonl:1: has the character '\x00' in its family, which the store cannot keep",
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
    nested = {"a.b": {"c": [{"d.e": 1}]}, "a": {"x": 2}}
    assert TextTemplate("prompt", "{a.b.c.0.d.e} {a.x}").render(nested, "p") == "1 2"
    with pytest.raises(ConfigError, match=r"skill.command.prompt: a brace stands alone at '\{x'"):
        TextTemplate("prompt", "set {x")
