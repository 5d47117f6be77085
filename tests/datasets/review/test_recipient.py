"""Who receives a dataset checks its review with a public key, with forge or with openssl."""

import json
import shutil
import subprocess

import pytest
from signing_keys import Pair

from harness_forge import cli


@pytest.fixture
def pair(tmp_path):
    return Pair(tmp_path / "keys")


@pytest.fixture
def received(tmp_path, pair, monkeypatch, capsys):
    """A dataset that was reviewed with a key, published, and moved to somebody else."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data/lamps"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"dataset": "lamps"}\n')
    (folder / "train.jsonl").write_text('{"messages": []}\n')
    forge("redact", "review", "lamps", "--sign", "--by=J. Doe", f"signing.key={pair.private}")
    forge("publish", "lamps", "out/lamps")
    shutil.move("out", "received")
    shutil.rmtree("home")
    capsys.readouterr()
    return tmp_path / "received/lamps"


def forge(*words, code=0):
    assert cli.main([*words, "forge_home=home"]) == code


def verified(folder, key, code=0):
    forge("redact", "verify", str(folder), f"signing.public_key={key}", code=code)


def test_the_public_key_is_enough(received, pair, capsys):
    verified(received, pair.public)
    assert "2 files as J. Doe reviewed them at 20" in capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_openssl_alone_agrees(received, pair):
    command = ["openssl", "dgst", "-sha256", "-verify", pair.public, "-signature"]
    command += [f"{received}.review.sig", f"{received}.review.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "Verified OK\n")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda it: (it / "train.jsonl").write_text("{}"), "is not what was reviewed: train.jsonl"),
        (lambda it: (it / "more.txt").write_text("x"), "is not what was reviewed: more.txt"),
        (lambda it: (it / "train.jsonl").unlink(), "is not what was reviewed: train.jsonl"),
        (lambda it: (it / "link").symlink_to("/etc/passwd"), "is no plain file"),
        (lambda it: it.with_name("lamps.review.sig").unlink(), "lamps.review.sig: is missing"),
        (lambda it: it.with_name("lamps.review.json").unlink(), "lamps.review.json: is missing"),
        (lambda it: it.with_name("lamps.review.sig").write_text("no"), "is not signed by a key"),
    ],
)
def test_what_was_changed_on_the_way_is_said(received, pair, capsys, change, fault):
    change(received)
    verified(received, pair.public, code=7)
    assert fault in capsys.readouterr().err


def test_another_name_in_the_statement(received, pair, capsys):
    text = received.with_name("lamps.review.json")
    text.write_text(text.read_text().replace("J. Doe", "A. Roe"))
    verified(received, pair.public, code=7)
    assert "is not signed by a key that is trusted here, or was changed" in capsys.readouterr().err


def test_another_key_and_one_that_has_expired(received, pair, tmp_path, capsys):
    verified(received, Pair(tmp_path / "keys", "other").public, code=7)
    verified(received, pair.certificate(-9, -2), code=7)
    assert "the certificate of its key expired on" in capsys.readouterr().err
    forge("redact", "verify", str(received), code=2)
    assert "there is no key to check the review with" in capsys.readouterr().err


def test_without_a_key_it_is_published_as_before_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data/lamps"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"dataset": "lamps"}\n')
    forge("redact", "review", "lamps", "--sign", "--by=J. Doe")
    capsys.readouterr()
    forge("publish", "lamps", "out/lamps", "--json")
    assert json.loads(capsys.readouterr().out)["statement"] is None
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["lamps"]


def test_an_unfit_key_signs_nothing(tmp_path, pair, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data/lamps"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"dataset": "lamps"}\n')
    forge("redact", "review", "lamps", "--sign", f"signing.key={pair.public}", code=9)
    assert "holds no private key" in capsys.readouterr().err
    assert not (tmp_path / "home/reviews").exists()
