"""The example of docs/environments.md is a sound skill as it stands there."""

import json
import re
from pathlib import Path

from harness_forge import cli

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
