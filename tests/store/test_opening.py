"""A store is made where records come in, and that is said; what reads one makes none."""

from __future__ import annotations

import pytest

from harness_forge.cli import main


@pytest.mark.parametrize(
    "words",
    [
        "export role=worker skill=stig",
        "compare a b",
        "labels audit",
        "labels triggers",
        "forget run=a --reason=b",
        "store prices",
        "store psql",
        "power",
        "trace data/x 1",
        "graph why data/x 1",
    ],
)
def test_what_reads_a_store_makes_none(words, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) != 0
    said = capfd.readouterr().err
    assert "Traceback" not in said
    assert "hint: " in said
    # A key for pseudonyms and an empty folder of data were left here too.
    assert not list(tmp_path.iterdir())


def test_says_where_it_looked_and_what_fills_a_store(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert main(["export", "skill=tau_bench", "role=agent"]) == 3
    assert capfd.readouterr().err == (
        f"forge: {tmp_path}/.forge/pg: there is no store\n"
        "  hint: go to your project's folder, or fill a new store here: "
        "`forge ingest source=NAME path=FILE skill=tau_bench`\n"
    )


def test_a_home_beside_the_folder_is_said_without_detours(tmp_path, monkeypatch, capfd):
    (tmp_path / "demo").mkdir()
    monkeypatch.chdir(tmp_path / "demo")
    assert main(["export", "forge_home=../.forge"]) == 3
    assert capfd.readouterr().err.startswith(f"forge: {tmp_path}/.forge/pg: there is no store\n")
    assert main(["store", "upgrade", "forge_home=../.forge"]) == 0
    assert capfd.readouterr().err.startswith(f"forge: a new store in {tmp_path}/.forge/pg\n")


def test_within_a_project_its_folder_is_named(tmp_path, monkeypatch, capfd):
    (tmp_path / ".forge/pg").mkdir(parents=True)
    below = tmp_path / "data/mine"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert main(["export"]) == 3
    assert capfd.readouterr().err.endswith(f"  hint: cd {tmp_path}, which has one\n")
    assert not list(below.iterdir())


def test_a_new_store_is_said_once(tmp_path, monkeypatch, capfd):
    (tmp_path / ".forge/pg").mkdir(parents=True)
    project = tmp_path / "other"
    project.mkdir()
    monkeypatch.chdir(project)
    assert main(["store", "upgrade", "--json"]) == 0
    assert capfd.readouterr().err.startswith(
        f"forge: a new store in {project}/.forge/pg; {tmp_path} has one already"
    )
    assert main(["store", "upgrade"]) == 0
    assert "new store" not in capfd.readouterr().err


def test_a_wrong_name_of_a_dataset_is_answered(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "data/stig_worker_sft"
    made.mkdir(parents=True)
    for name in ("manifest.json", "ledger.jsonl"):
        (made / name).write_text("{}\n")
    for verb in (["trace", "stig_worker_stf", "1"], ["redact", "review", "data/stig_worker_stf"]):
        assert main(verb) == 7
        assert "hint: did you mean 'stig_worker_sft'? " in capfd.readouterr().err
