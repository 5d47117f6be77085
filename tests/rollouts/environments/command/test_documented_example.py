"""The example of docs/environments.md is a sound skill as it stands there."""

import json
import re
from pathlib import Path

import pytest

from harness_forge import cli
from harness_forge.config.run import RunConfig
from harness_forge.core.errors import RunError
from harness_forge.rollouts.environments.command.report import sampled

PAGE = Path(__file__).parents[4] / "docs/environments.md"


def test_the_example_judges_soundly(home, tmp_path, monkeypatch, capsys):
    (shown,) = re.findall(r"```yaml\n(# Sums in words\..*?)```", PAGE.read_text(), re.DOTALL)
    first = json.loads(re.search(r"# (\{.*?\}), an object a line", shown).group(1))
    rows = [first, {"id": "s2", "ask": "one and three", "sum": 4}]
    (tmp_path / "conf/skill").mkdir(parents=True)
    (tmp_path / "conf/skill/sums.yaml").write_text(shown)
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["env", "check", "skill=sums", f"forge_home={home}"]) == 0
    assert "2 of 2" in capsys.readouterr().out


def test_of_many_items_some_are_tried_spread_over_the_list():
    run = RunConfig(limit=4)
    assert sampled([f"i{n}" for n in range(10)], run) == ["i0", "i2", "i5", "i7"]
    assert sampled(["a", "b"], run) == ["a", "b"]
    assert sampled(["a", "b", "c"], RunConfig(items=["c", "a"])) == ["a", "c"]
    with pytest.raises(RunError, match="no such work item"):
        sampled(["a", "b"], RunConfig(items=["d"]))


def test_a_check_of_some_items_says_so(home, capsys):
    words = ["skill=repair", "run.limit=2", f"forge_home={home}"]
    assert cli.main(["env", "check", *words]) == 0
    said = capsys.readouterr().out
    assert "2 of 2 can be attempted" in said
    assert "2 of 340 items were tried" in said
