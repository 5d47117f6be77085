"""docs/reference is written from the code, and current."""

from pathlib import Path

import pytest

from harness_forge.cli import reference
from harness_forge.cli.help import arguments
from harness_forge.config.compose.shapes import fields_of
from harness_forge.config.schema import GROUPS, ForgeConfig

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["cli.md", "config.md"])
def test_is_current(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    remedy = "run `python -m harness_forge.cli.reference`"
    assert (ROOT / "docs/reference" / name).read_text() == reference.pages()[name], remedy


@pytest.mark.parametrize("kind", [ForgeConfig, *GROUPS.values()])
def test_every_key_is_described(kind):
    assert set(fields_of(kind)) == set(arguments(kind))
