"""A key that YAML reads as true, a number or nothing is one clear fault with its line."""

import pytest

from harness_forge import cli
from harness_forge.config.compose.engine import compose

HEAD = "# Mine. Needs nothing.\n# forge compose recipe=mine\ndefaults: [base, _self_]\n"


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "conf/redaction").mkdir(parents=True)
    return tmp_path


BOOL = "true or false"


@pytest.mark.parametrize(
    ("keys", "where", "word", "read_as"),
    [
        ("redaction:\n  kinds:\n    off: true\n", ":6: redaction.kinds.off", "off", BOOL),
        ("redaction:\n  yes: 3\n", ":5: redaction.yes", "yes", BOOL),
        ("proxy:\n  upstreams:\n    1: {url: u}\n", ":6: proxy.upstreams.1", "1", "a number"),
        ("proxy:\n  upstreams:\n    1.5: {}\n", ":6: proxy.upstreams.1.5", "1.5", "a number"),
        ("redaction:\n  kinds:\n    ~: true\n", ":6", "~", "nothing"),
        ("no: 1\n", ":4: no", "no", BOOL),
    ],
)
def test_of_a_recipe(own, capsys, keys, where, word, read_as):
    (own / "recipes/mine.yaml").write_text(HEAD + keys)
    assert cli.main(["compose", "recipe=mine"]) == 2
    assert capsys.readouterr().err == (
        f"forge: recipes/mine.yaml{where}: YAML reads the key {word} as {read_as}, "
        f"and a key is a text\n  hint: quote it: '{word}':\n"
    )


def test_of_a_group(own, capsys):
    (own / "conf/redaction/mine.yaml").write_text("kinds:\n  no: true\n")
    assert cli.main(["compose", "redaction=mine"]) == 2
    assert "conf/redaction/mine.yaml:2: redaction.kinds.no: YAML reads" in capsys.readouterr().err


def test_quoted_it_is_a_text(own):
    (own / "recipes/mine.yaml").write_text(HEAD + "redaction:\n  kinds:\n    'off': true\n")
    assert compose("mine").redaction.kinds == {"off": True}


OF_ANYTHING = "skill:\n  command:\n    tool: {name: t, parameters: {1: {}}}\n"


def test_a_mapping_of_anything_may_have_such_keys(own):
    (own / "recipes/mine.yaml").write_text(HEAD + OF_ANYTHING)
    assert cli.main(["compose", "recipe=mine", "--quiet"]) == 0
