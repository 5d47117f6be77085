"""Every command of docs/health.md and of the verb's help runs, and does what it is shown for."""

from __future__ import annotations

import json

import documented
import pytest

from harness_forge.cli import main
from harness_forge.cli.health import ALERTS, EXAMPLES

PAGE = (documented.ROOT / "docs" / "health.md").read_text()
VERBS = ("forge health",)
SHOWN = sorted({one for one in [*documented._of_page(PAGE), *EXAMPLES] if one.startswith(VERBS)})


def test_the_page_shows_commands():
    assert len(SHOWN) >= 9
    assert {word for one in SHOWN for word in one.split()} >= {"--days", "--json", "stig"}


@pytest.mark.parametrize("command", SHOWN)
def test_a_command_runs(command, store, fill, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    fill("stig")
    own = [f"store.url='{store.url}'", "health.disk.free_gb=0", "health.disk.free_percent=0"]
    assert main([*documented.shell_words(command)[1:], *own]) == 0
    said = capsys.readouterr().out
    if "--json" in command:
        assert json.loads(said)["healthy"] is True
    else:
        assert said.startswith("healthy: no alert; ")
        assert ("scores by fifths" in said) == ("--days" in command)
    made = {word.rpartition("=")[2] for word in command.split() if "=" in word} - {"imported"}
    assert {path.name for path in tmp_path.iterdir()} >= {one for one in made if "/" not in one}


def test_the_page_names_the_exit_code_and_every_metric_that_it_shows(health, fill, tmp_path):
    fill("stig")
    health(f"health.prometheus={tmp_path}/forge.prom")
    text = (tmp_path / "forge.prom").read_text()
    assert f"exit code {ALERTS}" in PAGE
    named = set(documented.re.findall(r"harness_forge_[a-z_]+[a-z]", PAGE))
    judged = {"harness_forge_judge_score_ratio", "harness_forge_proxy_overhead_seconds"}
    slots = {name for name in named if name.startswith("harness_forge_champion")}
    assert named - judged - slots <= set(documented.re.findall(r"^# TYPE (\S+)", text, 8))
