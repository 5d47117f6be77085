"""Colours: decided in one place, off where nobody sees them, and no one else's text has any."""

import io

import pytest

from harness_forge import cli
from harness_forge.cli.terminal import EscapingStream, escaped, painted, takes_colours
from harness_forge.core.errors import ConfigError


class Stream(io.StringIO):
    encoding = "utf-8"

    def __init__(self, live):
        super().__init__()
        self._is_live = live

    def isatty(self):
        return self._is_live


@pytest.fixture(autouse=True)
def plain_machine(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize(
    ("live", "variables", "takes"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (False, {"FORCE_COLOR": "1"}, True),
        (False, {"FORCE_COLOR": ""}, False),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_who_decides(live, variables, takes, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert takes_colours(Stream(live)) is takes


def written(text_of, live):
    stream = Stream(live)
    with escaped():
        EscapingStream(stream).write(text_of())
    return stream.getvalue()


def test_painted_text_is_coloured_on_a_terminal_alone():
    assert written(lambda: f"a {painted('b', 'bad')} c\n", live=True) == "a \x1b[31mb\x1b[0m c\n"
    assert written(lambda: f"a {painted('b', 'bad')} c\n", live=False) == "a b c\n"


def test_foreign_text_paints_nothing():
    said = written(lambda: painted("x\x1b[2J", "good") + "\x1b[32m\x02bad\x02y\x03", live=True)
    assert said == "\x1b[32mx\\u001b[2J\x1b[0m\\u001b[32m\\u0002bad\\u0002y\\u0003"


def test_without_the_command_a_text_stays_as_it_is():
    assert painted("b", "bad") == "b"


def test_faults_are_painted(capsys, monkeypatch):
    def run(words, flags):
        raise ConfigError("here", "what", "remedy")

    monkeypatch.setattr(cli, "_dispatch", run)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert cli.main([]) == 2
    assert capsys.readouterr().err == (
        "\x1b[1;31mforge:\x1b[0m here: what\n  \x1b[36mhint:\x1b[0m remedy\n"
    )


def test_json_has_no_colours(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert cli.main(["ls", "recipe", "--json"]) == 0
    assert "\x1b" not in capsys.readouterr().out
