"""`--json` gives one JSON value on stdout and nothing else there; `--quiet` the result alone."""

import json
import re
from importlib import import_module

import pytest

from harness_forge import cli
from harness_forge.cli import results
from harness_forge.cli.verbs import VERBS

ALONE = (
    "compose", "compose recipe=target_a --cfg train", "ls", "validate", "labels checks",
    "redact kinds", "model ls", "workset ls", "workset info train eval", "workset remove eval",
    "store status", "champion", "champion ls", "power 62", "report", "init folder",
)  # fmt: skip
"""What needs no store, scanner or workset."""

OF_RECORDS = (
    "source new runs.jsonl",
    "ingest --dry-run source=trajectories source.path=runs.jsonl {mine}",
    "ingest source=trajectories source.path=runs.jsonl {mine}",
    "labels audit {mine}",
    "labels ls {mine}",
    "labels clear {mine}",
    "store status",
    "store upgrade {mine}",
    "store url",
    "export role=agent {mine} redaction=default",
    "audit data/mine_agent_sft",
    "trace data/mine_agent_sft 1",
    "graph why mine_agent_sft train:1",
    "redact review data/mine_agent_sft --sign --by=me",
    "publish data/mine_agent_sft out",
    "export role=agent {mine} --dry-run",
)
MINE = "skill=recorded skill.name=mine"
MAPPING = tuple(
    f"source.mapping.{key}={{{field}}}"
    for key, field in {"item": "task", "messages": "chat", "outcome": "reward"}.items()
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("recipe: target_a\n")
    return tmp_path


@pytest.mark.parametrize("command", [*ALONE])
def test_a_verb_prints_json_and_nothing_else(command, folder, capsys):
    assert cli.main([*command.split(), "--json"]) == 0
    said = capsys.readouterr()
    assert isinstance(json.loads(said.out), dict | list), said.err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_what_its_json_holds(verb):
    assert len(import_module(f"harness_forge.cli.{verb}").JSON) > 10


def test_the_way_of_records_is_told_in_json(store, folder, capsys):
    lines = [json.dumps({"task": str(n), "reward": 1, "chat": chat(n)}) for n in range(30)]
    (folder / "runs.jsonl").write_text("\n".join(lines))
    own = [f"store.url='{store.url}'", f"forge_home={folder}", f"data_dir={folder}/data"]
    found = {}
    for command in OF_RECORDS:
        words = command.format(mine=MINE).split()
        words += MAPPING if words[0] == "ingest" else own[1:2] if words[0] == "source" else ()
        words += own if words[0] not in ("source", "audit") else ()
        code = cli.main([*words, "--json"])
        said = capsys.readouterr()
        assert code == 0, f"{command}: {said.err}"
        found[command] = json.loads(said.out)
    assert found[OF_RECORDS[0]]["ingested"]["added"] == 30
    assert found[OF_RECORDS[2]]["added"] == 30
    exported = found["export role=agent {mine} redaction=default"]
    assert exported["kept"] == exported["examples"]["train"] + exported["examples"]["validation"]
    (audited,) = found["audit data/mine_agent_sft"]
    assert audited["holds"] is True
    assert {"name", "holds", "detail"} == set(audited["checks"][0])
    (row,) = found["trace data/mine_agent_sft 1"]["rows"]
    assert row["attempt"]["eval_passed"] is True
    assert found["redact review data/mine_agent_sft --sign --by=me"]["signed"]["who"] == "me"
    assert found["publish data/mine_agent_sft out"]["files"] == len([*(folder / "out").iterdir()])


def chat(n):
    plant = ("amber", "birch", "cedar", "dahlia", "elm", "fern")[n % 6]
    asked = f"Which drawer holds the {plant} seeds, and who sowed row {n * 7} of bed {n}?"
    answer = f"Drawer {n}; the gardener of bed {n} sowed {plant} there."
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]


def test_a_fault_leaves_stdout_empty(folder, capsys):
    assert cli.main(["ls", "skil", "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("forge: command line: there is no group 'skil'\n  hint: ")


def test_faults_of_a_validation_are_its_result_too(folder, capsys):
    (folder / "recipes").mkdir()
    (folder / "recipes/bad.yaml").write_text("# Needs. forge x\ndefaults: [base, _self_]\nsed: 1\n")
    assert cli.main(["validate", "--json"]) == 2
    said = capsys.readouterr()
    (fault,) = json.loads(said.out)["faults"]
    assert fault["where"] == "recipes/bad.yaml:3: sed"
    assert "recipes/bad.yaml:3: sed: unknown key" in said.err


def test_a_sweep_is_an_array_also_where_one_fails(folder, capsys):
    assert cli.main(["compose", "seed=1,2", "-m", "--cfg", "seed", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [1, 2]
    assert cli.main(["champion", "show,ls", "seed=1,x", "-m", "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("words", ["store psql", "serve --print", "serve logs", "proxy"])
def test_what_reports_nothing_as_json_says_so(words, folder, capsys):
    assert cli.main([*words.split(), "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "reports nothing as JSON\n  hint: leave out --json\n" in said.err


def test_words_on_the_way_go_to_stderr(folder, capsys, monkeypatch):
    monkeypatch.setattr("harness_forge.cli.ls.main", on_its_way)
    assert cli.main(["ls", "--json"]) == 0
    assert capsys.readouterr() == ('{\n  "made": 3\n}\n', "step 1\n")


def test_quiet_shows_the_result_and_errors_alone(folder, capsys, monkeypatch):
    monkeypatch.setattr("harness_forge.cli.ls.main", on_its_way)
    assert cli.main(["--quiet", "ls"]) == 0
    assert capsys.readouterr() == ("made 3\n", "")
    monkeypatch.undo()
    assert cli.main(["ls", "skil", "--quiet"]) == 2
    assert capsys.readouterr().err.startswith("forge: command line: there is no group")


def on_its_way(argv):
    assert argv == []
    print("step 1")
    results.report({"made": 3}, "made 3")
    return 0


def test_a_flag_behind_two_hyphens_is_not_forges():
    assert cli._taken(["store", "psql", "--json", "--", "--quiet"]) == (
        ["store", "psql", "--", "--quiet"],
        {"--json"},
    )


def test_numbers_stay_numbers_and_json_is_ascii():
    value = {"share": 0.5, "none": float("inf"), "name": "ü\x9b", "of": {2, 1}}
    text = results.written(value)
    assert text.isascii()
    assert json.loads(text) == {"share": 0.5, "none": None, "name": "ü\x9b", "of": [1, 2]}


def test_a_question_is_not_asked_where_nobody_sees_it(folder, capsys):
    assert cli.main(["workset", "install", "eval", "--quiet"]) == 2
    assert "nobody is there to agree\n  hint: add --yes" in capsys.readouterr().err


def test_the_reference_names_the_json_of_each_verb():
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs/reference/cli.md").read_text()
    assert len(re.findall(r"^`--json` prints ", page, re.MULTILINE)) == len(VERBS)
