"""`forge export --publish`: a dataset leaves only if its very bytes were reviewed."""

from __future__ import annotations

import json

import pytest

from harness_forge import cli


@pytest.fixture
def forge(store, harness, tmp_path, capsys):
    where = [f"forge_home={tmp_path / 'home'}", f"data_dir={harness.data_dir}"]

    def run(verb: str, *words: str) -> tuple[int, str, str]:
        if verb == "export":
            words = ("role=worker", "skill=stig", f"store.url='{store.url}'", *words)
        code = cli.main([verb, *words, *where])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_without_a_review_nothing_leaves_and_the_dataset_stays(forge, harness, tmp_path):
    harness.attempt(harness.item("rule_a"))
    dataset = harness.data_dir / "stig_worker_sft"
    code, _, err = forge("export", "--publish", str(tmp_path / "out"))
    assert (code, err) == (
        7,
        f"forge: {dataset}: was not reviewed\n"
        f"  hint: forge redact review {dataset} shows what was replaced, and signs\n",
    )
    assert (dataset / "train.jsonl").exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("equals", [True, False])
def test_what_was_reviewed_leaves_until_a_byte_of_it_changes(forge, harness, tmp_path, equals):
    item = harness.item("rule_a")
    harness.attempt(item)
    assert forge("export")[0] == 0
    assert forge("redact", "review", "--sign", "--by=J. Doe")[0] == 0
    out = tmp_path / "a=b"
    words = [f"--publish={out}"] if equals else ["--publish", str(tmp_path / "out")]
    out = out if equals else tmp_path / "out"
    code, printed, _ = forge("export", *words)
    assert code == 0
    said, checked = printed.splitlines()[-2:]
    assert said.startswith(f"{out}: ")
    assert "reviewed by J. Doe" in said
    assert checked.startswith("  only here can that be checked: signing.key=FILE")
    dataset = harness.data_dir / "stig_worker_sft"
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        path.name: path.read_bytes() for path in dataset.iterdir()
    }
    harness.attempt(item, "echo another")
    code, _, err = forge("export", f"--publish={tmp_path / 'second'}")
    assert code == 7
    assert "has changed since its review" in err
    assert not (tmp_path / "second").exists()


def test_where_something_stands_is_told_before_anything_is_written(forge, harness, tmp_path):
    harness.attempt(harness.item("rule_a"))
    code, _, err = forge("export", "--publish", str(tmp_path))
    assert code == 7
    assert err.startswith(f"forge: {tmp_path}: is there already")
    assert not harness.data_dir.exists()


@pytest.mark.parametrize("words", [["--publish"], ["--publish", "role=worker"], ["--publish="]])
def test_a_folder_must_be_named(forge, words):
    # The flag stands last, and so nothing of ours follows it.
    assert cli.main(["export", *words]) == 2
    assert forge("export", "--dry-run", "--publish=out")[0] == 2


def test_the_share_of_counted_rows_is_told(forge, harness, tmp_path):
    for number in range(4):
        harness.attempt(harness.item(f"rule_{number}"))
    code, out, _ = forge("export", "filters.length.max_tokens=100000")
    assert code == 0
    assert (
        "  length: decided exactly for all 4 rows, 4 by their bytes alone (they bound the tokens), "
        "0 (0.0%) by counting tokens\n"
    ) in out
    manifest = json.loads((harness.data_dir / "stig_worker_sft/manifest.json").read_text())
    assert manifest["filters"]["length"]["decided"] == {"by_bounds": 4, "counted": 0}


HUB = "hf://somebody/lamps"


@pytest.fixture
def reviewed(forge, harness, monkeypatch):
    """A dataset, and what makes it and signs it; the machine has no token."""
    for name in ("HF_TOKEN", "HUGGINGFACE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    harness.attempt(harness.item("rule_a"))
    assert forge("export")[0] == 0
    return harness.data_dir / "stig_worker_sft"


def sign(forge):
    assert forge("redact", "review", "--sign", "--by=J. Doe")[0] == 0


def test_nothing_is_sent_to_the_hub_without_a_review(forge, reviewed):
    code, out, err = forge("publish", HUB, "--yes")
    assert (code, out) == (7, "")
    assert err.startswith(f"forge: {reviewed}: was not reviewed\n")


def test_nothing_is_sent_to_the_hub_without_consent_for_each_row(forge, reviewed):
    manifest = json.loads((reviewed / "manifest.json").read_text())
    counts = manifest["consent"] | {"unknown": 2, "withheld": 1}
    (reviewed / "manifest.json").write_text(json.dumps(manifest | {"consent": counts}))
    sign(forge)
    code, _, err = forge("publish", HUB, "--yes")
    assert code == 7
    said = (
        "consent is not granted for all of it: 2 rows unknown, 1 row withheld\n  hint: export.cons"
    )
    assert said in err


def test_nothing_is_sent_to_the_hub_without_token_and_workset(forge, reviewed, monkeypatch):
    sign(forge)
    code, _, err = forge("publish", HUB, "--yes")
    assert (code, err.splitlines()[0]) == (7, "forge: Hugging Face: there is no token")
    monkeypatch.setenv("HUGGINGFACE_API_KEY", "x")
    code, _, err = forge("publish", HUB, "--yes")
    assert (code != 0, err.splitlines()[0]) == (True, "forge: workset hf: is not installed")


@pytest.mark.parametrize("word", ["hf://", "hf://lamps", "hf://a/b/c", "hf://../b"])
def test_a_repository_has_an_owner_and_a_name(forge, reviewed, word):
    code, _, err = forge("publish", word)
    assert (code, err.splitlines()[0]) == (7, f"forge: {word}: names no repository")
