"""Nothing that forge prints commands the terminal, in results, faults and progress lines."""

import io
import sys

import pytest

from harness_forge import cli
from harness_forge.cli.terminal import EscapingStream
from harness_forge.core.errors import ConfigError

TITLE = "\x1b]0;owned\x07"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_faults_and_results_are_plain(capsys, monkeypatch):
    def run(words, flags):
        print(f"model {TITLE}")
        sys.stdout.writelines([TITLE, "\u202e"])
        raise ConfigError(TITLE, f"bad {TITLE}", "\x9b2J")

    monkeypatch.setattr(cli, "_dispatch", run)
    assert cli.main([]) == 2
    out, err = capsys.readouterr()
    assert out == "model \\u001b]0;owned\\u0007\n\\u001b]0;owned\\u0007\\u202e"
    assert err.splitlines()[-1] == "  hint: \\u009b2J"
    assert "\x1b" not in err


@pytest.mark.parametrize("verb", ["proxy", "trace", "serve"])
def test_a_word_of_the_command_line_is_told_plainly(capsys, verb):
    assert cli.main([verb, TITLE, "x", "y"]) != 0
    assert "\x1b" not in "".join(capsys.readouterr())


def test_the_streams_are_put_back(capsys):
    before = sys.stdout, sys.stderr
    cli.main(["--version"])
    assert (sys.stdout, sys.stderr) == before


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\r\033[Ktrain: 3", "\r\033[Ktrain: 3"),
        ("\r  \r", "\r  \r"),
        ("a\r\033[Kb", "a\\u000d\\u001b[Kb"),
        ("\r\033[K\033[2J", "\r\033[K\\u001b[2J"),
    ],
)
def test_a_terminals_progress_line_begins_anew(text, shown):
    stream = Terminal()
    EscapingStream(stream).write(text)
    assert stream.getvalue() == shown


def test_a_file_gets_no_control_at_all():
    stream = io.StringIO()
    EscapingStream(stream).write("\r\033[Ka")
    assert stream.getvalue() == "\\u000d\\u001b[Ka"


def test_signs_that_the_encoding_lacks_are_spelled():
    raw = io.BytesIO()
    stream = EscapingStream(io.TextIOWrapper(raw, "ascii"))
    stream.write("p 1.2\u00d710\u207b\u2074, \u22125.0 points \u2026 \u00fc\n")
    stream.flush()
    assert raw.getvalue() == b"p 1.2x10^-4, -5.0 points ... \\xfc\n"
