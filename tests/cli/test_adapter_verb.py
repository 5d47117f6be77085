"""`forge adapter` as its user runs it."""

import json
from hashlib import sha256

import pytest
from whole_adapters import packaged

from harness_forge import cli
from harness_forge.registry import decisions
from harness_forge.serving import aliases


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def forge(*words, code=0):
    assert cli.main(["adapter", *map(str, words), "forge_home=home"]) == code


def told(capsys, *words, code=0):
    forge(*words, "--json", code=code)
    return json.loads(capsys.readouterr().out)


def dataset(name, rows):
    """Write a dataset with these rows; return what a lineage says of it."""
    from pathlib import Path

    place = Path("data") / name
    place.mkdir(parents=True)
    lines = [{"source": row, "kept": True, "file": "train.jsonl", "lines": [1]} for row in rows]
    lines.append({"source": "lamps.turns:999", "kept": False, "reason": "length"})
    (place / "ledger.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    (place / "manifest.json").write_text(json.dumps({"dataset": name}))
    manifest = sha256((place / "manifest.json").read_bytes()).hexdigest()
    digest = sha256(name.encode()).hexdigest()
    facts = {"name": name, "rows": len(rows), "digest": digest, "manifest": manifest}
    return {"dataset": facts | {"licences": []}}


def test_an_empty_store_says_what_to_do(home, capsys):
    forge()
    assert capsys.readouterr().out == "there is no adapter yet: forge train\n"


def test_ls_shows_each_with_what_uses_it(home, capsys):
    one = packaged(home)
    line = {"kind": "decision", "decision": "promoted", "time": "2026-11-21T00:00:00Z"}
    line |= {"candidate": {"name": one.name, "digest": one.digest}, "skill": "a", "role": "worker"}
    with decisions.opened(home) as book:
        book.append(line)
    aliases.move(home, "a-champion", one.label, "http://127.0.0.1:1/v1", one.digest)
    forge("ls")
    row = capsys.readouterr().out.splitlines()[1].split("  ")
    row = [cell.strip() for cell in row if cell.strip()]
    assert row[0] == one.label
    assert row[2:] == ["small", "lamps (dddddddddddd)", "champion of a.worker", "mine, a-champion"]
    facts = told(capsys, "ls")[0]
    assert facts["champion_of"] == ["a.worker"]
    assert facts["aliases"] == ["a-champion"]


def test_a_damaged_folder_is_listed_and_does_not_stop_the_list(home, capsys):
    one = packaged(home)
    (one.folder / "lineage.json").write_text("[]")
    (home / "adapters" / "strange").mkdir()
    forge()
    shown = capsys.readouterr().out
    assert shown.count("damaged") == 2
    assert "strange" in shown


def test_diff_names_settings_and_rows(home, capsys):
    first = packaged(home, weight=0.1, **dataset("one", ["lamps.turns:1", "lamps.turns:2"]))
    second = packaged(home, weight=0.2, **dataset("two", ["lamps.turns:2", "lamps.turns:7"]))
    forge("diff", first.label, second.label)
    shown = capsys.readouterr().out
    assert "rows: 1 added, 1 removed, 1 in both" in shown
    assert "  + lamps.turns:7\n  - lamps.turns:1" in shown
    facts = told(capsys, "diff", first.label, second.label)
    assert {"key": "dataset.name", "first": "one", "second": "two"} in facts["facts"]
    assert "train.rank" not in [one["key"] for one in facts["facts"]]


def test_diff_without_the_datasets_says_so(home, capsys):
    first = packaged(home, weight=0.1, **dataset("one", ["lamps.turns:1"]))
    second = packaged(home, weight=0.2)
    forge("diff", first.label, second.label)
    assert f"not compared, no dataset under data is the one of {second.label}" in (
        capsys.readouterr().out
    )


def test_verify_says_what_it_looked_at(home, capsys):
    packaged(home)
    forge("verify", "mine")
    shown = capsys.readouterr().out
    assert "4 tensors of 2 modules, 40 numbers, all finite" in shown
    assert "not checked" in shown  # no base model is here


def test_verify_of_a_tampered_one_is_one_error(home, capsys):
    one = packaged(home)
    weights = one.folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    facts = told(capsys, "verify", "mine", code=9)
    assert facts["fault"]["what"] == "is damaged: its files are not those that were packaged"
    assert facts["checks"] == []


@pytest.mark.parametrize("name", ["extra.py", "weights.bin"])
def test_verify_of_one_with_another_file(home, capsys, name):
    (packaged(home).folder / name).write_text("import os")
    forge("verify", "mine", code=9)
    assert f"holds {name}, which is no file of a packaged adapter" in capsys.readouterr().err


def test_verify_of_one_with_a_link(home, capsys, tmp_path):
    folder = packaged(home).folder
    weights = folder / "adapter_model.safetensors"
    weights.rename(tmp_path / "elsewhere")
    weights.symlink_to(tmp_path / "elsewhere")
    forge("verify", "mine", code=9)
    assert "holds adapter_model.safetensors, which is no file of" in capsys.readouterr().err


def test_rm_says_what_it_frees_and_a_dry_run_frees_nothing(home, capsys):
    one = packaged(home)
    size = sum(file.stat().st_size for file in one.folder.iterdir())
    assert told(capsys, "rm", "mine", "--dry-run")["removed"] is False
    assert one.folder.is_dir()
    assert told(capsys, "rm", "mine") == {
        "adapter": one.label,
        "names": ["mine"],
        "freed": size,
        "removed": True,
    }
    assert list((home / "adapters").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["show"], "show takes 1 name: forge adapter show NAME"),
        (["diff", "a"], "diff takes 2 names"),
        (["ls", "--dry-run"], "unknown flag '--dry-run'"),
        (["verfy", "a"], "did you mean 'verify'?"),
    ],
)
def test_slips(home, capsys, words, fault):
    forge(*words, code=2)
    assert fault in capsys.readouterr().err.replace("\n  hint", "")
