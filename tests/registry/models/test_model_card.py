"""The README.md of a fetched model: its names are text and nothing else."""

from dataclasses import replace

import yaml

from harness_forge.config.compose.engine import compose
from harness_forge.registry.models.card import card

HOSTILE = "x](javascript:alert(1)) <img src=y> | `c`\n# d \x1b[2J\u202e"


def test_no_name_is_more_than_text():
    model = replace(compose(None, []).model, title=HOSTILE, name=HOSTILE, eos=HOSTILE, pad=HOSTILE)
    made = card(replace(model, licence=f"MIT\nx: {HOSTILE}"), "d")
    head = made.split("---\n")[1]
    assert list(yaml.safe_load(head)) == ["license"]
    assert "\x1b" not in made and "\u202e" not in made
    assert [line for line in made.splitlines() if line.startswith("# ")] == [
        line for line in made.splitlines() if line.startswith("# x\\](javascript")
    ]


def test_a_plain_licence_stays_plain():
    model = compose(None, []).model
    assert "license: mit\n" in card(replace(model, licence="MIT"), "d")
