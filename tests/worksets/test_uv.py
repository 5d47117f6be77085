"""What pip's settings become for uv, and when pip installs instead."""

import sys
from pathlib import Path

import pytest

from harness_forge.worksets import uv

ALWAYS = ["--no-config", "--system-certs", "--index-strategy", "unsafe-best-match"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("", []),
        ("global.index-url='https://m/simple'", ["--default-index", "https://m/simple"]),
        # A variable is stronger than a file, and `install` than `global`, in any order.
        (":env:.cert='/b'\nglobal.cert='/a'", ["--cert", "/b"]),
        ("install.index-url='https://b'\nglobal.index-url='https://a'",
         ["--default-index", "https://b"]),
        ("global.extra-index-url='file:///here\\nhttps://c/simple'",
         ["--extra-index-url", "https://c/simple"]),
        ("global.timeout='60'\nlist.format='columns'\n:env:.find-links='/wheels'", []),
    ],
)  # fmt: skip
def test_settings_that_say_where_packages_are_become_options(settings, words):
    assert uv.options(settings) == [*ALWAYS, *words]


@pytest.mark.parametrize(
    "settings",
    ["global.no-index='true'", "global.proxy='http://p:1'", "install.no-binary=':all:'",
     "global.index-url=torn", ":env:.require-hashes='1'"],
)  # fmt: skip
def test_with_other_settings_pip_installs(settings):
    assert uv.options(settings) is None


def test_where_uv_fails_pip_installs(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(uv, "command", lambda python, words: [sys.executable, "-c", "exit(2)"])
    assert uv.main([sys.executable, str(tmp_path), "--dry-run", "--no-deps", "no/such/file"]) != 0
    assert "no/such/file" in capfd.readouterr().err
    monkeypatch.setattr(uv, "command", lambda python, words: [sys.executable, "-c", "exit(0)"])
    assert uv.main([sys.executable, str(tmp_path), "no/such/file"]) == 0


def test_a_folder_that_the_user_named_stays():
    assert uv.variables(Path("/ours"), {})[uv.CACHE] == "/ours"
    assert uv.variables(Path("/ours"), {uv.CACHE: "/theirs"})[uv.CACHE] == "/theirs"
