"""A dataset leaves only with a signed review of its very bytes."""

from __future__ import annotations

import gzip
import json

import pytest

from harness_forge import cli
from harness_forge.config.redaction import RedactionConfig
from harness_forge.core.errors import ExportError
from harness_forge.datasets.redaction.key import load_key
from harness_forge.datasets.redaction.redactor import Redactor
from harness_forge.datasets.review.publishing import publish
from harness_forge.datasets.review.review import digest_of, require_review, sign
from harness_forge.datasets.review.survey import survey

TEXT = "ssh jdoe@web01.corp 'cat /home/jdoe/x'\nexport PGPASSWORD=hunter77xyz\nping 10.9.8.7"


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def redactor(home):
    return Redactor(RedactionConfig(), load_key(home))


@pytest.fixture
def dataset(tmp_path, redactor):
    folder = tmp_path / "data/stig_worker_sft"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"dataset": "stig_worker_sft"}\n')
    (folder / "README.md").write_text("# stig_worker_sft\n")
    lines = [line(redactor.text(TEXT)), line("git@github.com is public")]
    (folder / "train.jsonl").write_text("".join(f"{one}\n" for one in lines))
    return folder


def line(text):
    call = {"function": {"name": "fix", "arguments": json.dumps({"script": text})}}
    return json.dumps({"messages": [{"role": "assistant", "content": "", "tool_calls": [call]}]})


def reviewed(folder, home, redactor, who="J. Doe"):
    digest, _ = digest_of(folder)
    found = survey(folder, redactor)
    assert not found.left
    return sign(folder, home, who, found.counts(), {}, digest=digest)


def forge(dataset, home, *words):
    return cli.main([*words, f"data_dir={dataset.parent}", f"forge_home={home}"])


def test_a_survey_counts_every_kind_and_shows_where(dataset, redactor):
    found = survey(dataset, redactor)
    assert found.counts() == {"host": 1, "ipv4": 1, "password": 1, "user": 2}
    assert len(found.kinds["user"].values) == 1
    [example] = found.kinds["password"].examples
    assert (example.file, example.line) == ("train.jsonl", 1)
    assert "export PGPASSWORD=redacted-password-" in example.text
    assert found.stayed["e-mail address"] == {"git@github.com": 1}


@pytest.mark.parametrize("text", [TEXT, '{"password": "Sommer2024!"}'])
def test_what_should_have_gone_is_told_without_being_shown(dataset, redactor, text):
    (dataset / "validation.jsonl").write_text(line(text) + "\n")
    found = survey(dataset, redactor)
    assert found.left
    assert {(one.file, one.line) for one in found.left} == {("validation.jsonl", 1)}
    assert not any("hunter" in one.masked or "Sommer" in one.masked for one in found.left)


def test_compressed_files_and_the_card_are_read_too(dataset, redactor):
    (dataset / "ledger.jsonl.gz").write_bytes(gzip.compress(b'{"x": "ping 10.9.8.7"}\n'))
    (dataset / "README.md").write_text("made on 10.9.8.7\n")
    left = {(one.file, one.kind) for one in survey(dataset, redactor).left}
    assert left == {("ledger.jsonl.gz", "ipv4"), ("README.md", "ipv4")}


def test_a_signed_review_lets_the_dataset_out_whole(dataset, home, redactor, tmp_path):
    reviewed(dataset, home, redactor)
    review = publish(dataset, tmp_path / "out/it", home)
    assert review.who == "J. Doe"
    assert digest_of(tmp_path / "out/it") == digest_of(dataset)
    assert not list(tmp_path.glob("out/.*"))


def test_without_a_review_nothing_leaves(dataset, home, tmp_path):
    with pytest.raises(ExportError, match=r"was not reviewed\n  hint: forge redact review "):
        publish(dataset, tmp_path / "out", home)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("change", ["edit", "add", "remove"])
def test_any_change_voids_the_review(dataset, home, redactor, change):
    reviewed(dataset, home, redactor)
    if change == "edit":
        (dataset / "README.md").write_text("# another\n")
    elif change == "add":
        (dataset / "extra.txt").write_text("")
    else:
        (dataset / "README.md").unlink()
    changed = "extra.txt" if change == "add" else "README.md"
    with pytest.raises(ExportError, match=rf"has changed since its review of .*: {changed}\n"):
        require_review(dataset, home)


def test_the_same_bytes_back_are_reviewed_again(dataset, home, redactor):
    before = (dataset / "README.md").read_bytes()
    reviewed(dataset, home, redactor)
    (dataset / "README.md").write_text("# another\n")
    (dataset / "README.md").write_bytes(before)
    assert require_review(dataset, home).who == "J. Doe"


def test_a_review_that_was_written_by_hand_counts_for_nothing(dataset, home, redactor):
    reviewed(dataset, home, redactor)
    [file] = (home / "reviews").iterdir()
    held = json.loads(file.read_text())
    file.write_text(json.dumps(held | {"who": "Somebody Else"}))
    with pytest.raises(ExportError, match="was not signed with the key of this forge home"):
        require_review(dataset, home)
    file.write_text("{")
    with pytest.raises(ExportError, match="cannot be read as a review"):
        require_review(dataset, home)


def test_a_dataset_that_changes_while_it_is_reviewed_is_not_signed(dataset, home):
    digest, _ = digest_of(dataset)
    (dataset / "README.md").write_text("# another\n")
    with pytest.raises(ExportError, match="has changed while it was reviewed"):
        sign(dataset, home, "J. Doe", {}, {}, digest=digest)
    assert not (home / "reviews").exists()


def test_a_link_out_of_the_dataset_is_refused(dataset, tmp_path):
    (dataset / "more.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ExportError, match=r"more.jsonl: is no plain file"):
        digest_of(dataset)


def test_what_stands_at_the_destination_is_left_alone(dataset, home, redactor, tmp_path):
    reviewed(dataset, home, redactor)
    (tmp_path / "out").mkdir()
    with pytest.raises(ExportError, match="is there already"):
        publish(dataset, tmp_path / "out", home)
    assert list((tmp_path / "out").iterdir()) == []


def test_neither_key_nor_secret_stands_in_a_review(dataset, home, redactor):
    reviewed(dataset, home, redactor)
    [file] = (home / "reviews").iterdir()
    told = file.read_text()
    assert (home / "redaction.key").read_text().strip() not in told
    assert "hunter" not in told


def test_the_command_shows_signs_and_publishes(dataset, home, tmp_path, capsys):
    assert forge(dataset, home, "publish", "stig_worker_sft", str(tmp_path / "out")) == 7
    assert forge(dataset, home, "redact", "review", "stig_worker_sft") == 0
    shown = capsys.readouterr().out
    assert "password                     1       1" in shown
    assert "e-mail address: git@github.com (1)" in shown
    assert "not signed;" in shown
    words = ("redact", "review", str(dataset), "--sign", "--by=J. Doe")
    assert forge(dataset, home, *words) == 0
    assert "signed by J. Doe at " in capsys.readouterr().out
    assert forge(dataset, home, "publish", str(dataset), str(tmp_path / "out")) == 0
    assert "reviewed by J. Doe at " in capsys.readouterr().out


def test_a_dataset_with_a_secret_cannot_be_signed(dataset, home, capsys):
    (dataset / "README.md").write_text(TEXT)
    assert forge(dataset, home, "redact", "review", str(dataset), "--sign") == 7
    printed = capsys.readouterr()
    assert "must not leave:" in printed.out
    assert "values that should have been replaced stand in it" in printed.err
    assert "hunter77xyz" not in printed.out + printed.err
    assert not (home / "reviews").exists()


@pytest.mark.parametrize("words", [["redact"], ["redact", "kinds", "x"], ["publish"]])
def test_a_command_that_makes_no_sense_says_how_it_goes(dataset, home, words, capsys):
    assert forge(dataset, home, *words) == 2
    assert f"hint: forge {words[0]} " in capsys.readouterr().err


def test_every_kind_is_listed_with_its_switch(dataset, home, capsys):
    assert forge(dataset, home, "redact", "kinds", "redaction.kinds.host=false") == 0
    listed = dict(row.split() for row in capsys.readouterr().out.splitlines())
    assert (listed["host"], listed["ipv4"]) == ("off", "on")
    assert len(listed) >= 30
