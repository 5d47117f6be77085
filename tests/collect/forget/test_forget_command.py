"""`forge forget` from end to end: rows, the datasets and the adapters that hold them."""

import json
from hashlib import sha256

import pytest

from harness_forge.cli.audit import FAILED
from harness_forge.config.compose import project
from harness_forge.core.errors import ExportError, TrainError
from harness_forge.datasets.review.publishing import publish
from harness_forge.registry.adapters import taint
from harness_forge.training.dataset import read

DATASET = "tau_bench_agent_sft"


def conversation(number: int) -> dict:
    question = {"role": "user", "content": f"Please move flight {number} to day {number * 7}."}
    answer = {"role": "assistant", "content": f"Flight {number} is moved, gate {number * 3}."}
    said = [{"role": "system", "content": "You help travellers."}, question, answer]
    return {"task_id": number, "trial": 0, "reward": 1.0, "info": {}, "traj": said}


@pytest.fixture
def dataset(forge, tmp_path):
    """A source taken in and exported."""
    path = tmp_path / "model-air.json"
    path.write_text(json.dumps([conversation(number) for number in range(8)]))
    assert forge("ingest", "source=tau_bench", f"path={path}", "skill=tau_bench")[0] == 0
    code, said = forge("export", "role=agent", "skill=tau_bench")
    assert code == 0, said
    return tmp_path / DATASET


@pytest.fixture
def adapters(dataset, tmp_path):
    """One trained on the dataset, one that started from it, one on another dataset."""
    manifest = sha256((dataset / "manifest.json").read_bytes()).hexdigest()
    for name, data, parent in (("one", manifest, ""), ("two", "", "one"), ("three", "x", "")):
        folder = tmp_path / "adapters" / f"{name}-{name * 4:.12}"
        folder.mkdir(parents=True)
        (folder / "README.md").write_text(f"# {name}\n")
        lineage = {"digest": name, "dataset": {"name": DATASET, "manifest": data}}
        lineage |= {"parent": {"digest": parent}} if parent else {}
        (folder / "lineage.json").write_text(json.dumps(lineage))
    return tmp_path


def test_a_dry_run_names_them_and_marks_nothing(forge, dataset, adapters):
    code, said = forge("forget", "source=tau_bench", "--dry-run")
    assert code == 0
    assert f"dataset {dataset} holds" in said
    assert "adapter one-" in said and "adapter two-" in said
    assert "nothing is deleted" in said
    assert not (dataset / "stale.json").exists()
    assert taint.says(adapters, "one") == ""


def test_forgetting_marks_dataset_and_adapters(forge, dataset, adapters, tmp_path):
    code, said = forge("forget", "source=tau_bench", "--reason=consent was withdrawn")
    assert code == 0
    assert "anew: `forge export skill=tau_bench role=agent format=sft" in said
    assert "not known of adapters whose dataset is not under data/ any more: three-" in said
    for digest in ("one", "two"):
        assert "consent was withdrawn" in taint.says(adapters, digest)
    assert taint.says(adapters, "three") == ""
    card = next((adapters / "adapters").glob("one-*")) / "README.md"
    assert card.read_text().startswith("# one\n\n## Tainted\n\nrows that it was trained on")
    with pytest.raises(TrainError, match="is stale"):
        read(dataset)
    with pytest.raises(ExportError, match="is stale"):
        publish(dataset, tmp_path / "out", tmp_path)


def test_the_audit_fails_with_that_reason_until_the_dataset_is_replaced(
    forge, dataset, capsys, tmp_path
):
    from harness_forge.cli import main

    forge("forget", "item=tau_bench:air-1", "--reason=asked for")
    assert main(["audit", str(dataset)]) == FAILED
    assert "were forgotten" in capsys.readouterr().out
    assert forge("export", "role=agent", "skill=tau_bench")[0] == 0
    assert main(["audit", str(dataset)]) == 0
    assert "air-1" not in (dataset / "items.jsonl").read_text()


def test_again_says_that_nothing_is_left(forge, dataset):
    forge("forget", "source=tau_bench", "--reason=asked for")
    code, said = forge("forget", "source=tau_bench", "--reason=asked for")
    assert (code, "nothing is left of it; it was forgotten" in said) == (0, True)
    assert forge("forget", "source=elsewhere", "--reason=asked for")[0] == 1


def test_a_killed_call_finds_all_of_it_again(forge, dataset, monkeypatch):
    from harness_forge.store.forgetting import forget

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(forget, "_delete", killed)
        forge("forget", "source=tau_bench", "--reason=asked for")
    assert (dataset / "stale.json").exists()
    code, said = forge("forget", "source=tau_bench", "--reason=asked for")
    assert (code, f"dataset {dataset} is stale" in said) == (0, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["source=a"], "say why"),
        (["item=a:b c; ls"], "forge forget 'item=a:b c; ls' --reason=TEXT"),
        (["--dry-run"], "forget what?"),
        (["run=a", "source=b", "--dry-run"], "one at a time"),
        (["item=a", "--dry-run"], "item=SKILL:ITEM"),
        (["run=", "--dry-run"], "names nothing"),
        (["sorce", "--dry-run"], "did you mean 'source'"),
    ],
)
def test_slips(forge, words, says):
    code, said = forge("forget", *words)
    assert (code, says in said) == (2, True)


def test_a_ledger_that_cannot_be_read_stops_it(forge, dataset):
    (dataset / "ledger.jsonl").write_text('{"kept":true\n')
    code, said = forge("forget", "source=tau_bench", "--reason=asked for")
    assert (code, "what it holds is not known" in said) == (7, True)
    assert forge("forget", "source=tau_bench", "--dry-run")[0] == 7


def test_a_skill_without_a_file_is_named_by_its_own_words():
    assert project.skill_words("tau_bench") == "skill=tau_bench"
    assert project.skill_words("mill") == "skill=recorded skill.name=mill"


def test_it_is_not_narrowed_to_a_skill_in_silence(dataset, forge):
    code, said = forge("forget", "source=tau_bench", "--reason=x", "skill=tau_bench")
    assert (code, "would narrow nothing" in said) == (2, True)
    assert (dataset / "train.jsonl").exists()
