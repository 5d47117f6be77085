"""docs/tutorial-command.md, run as it stands, from a folder of tests to an audited dataset."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
BLOCKS = re.findall(
    r"```bash\n(.*?)```", (ROOT / "docs/tutorial-command.md").read_text(), re.DOTALL
)


@pytest.mark.sandbox
def test_the_tutorial_leads_to_a_dataset(home, tmp_path):
    (tmp_path / ".forge").symlink_to(home)
    said = []
    assert len(BLOCKS) == 4
    for block in BLOCKS:
        done = subprocess.run(
            ["bash", "-ec", block],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert "24 functions of 4 modules" in said[1]
    assert "ok  items      24 of 24 can be attempted" in said[2]
    assert "complete, 24 of 24 items passed" in said[3]
    assert "0 of 24 items passed" in said[3]
    assert "11 checks hold" in said[3]
    assert (tmp_path / "data/units_worker_sft/train.jsonl").is_file()
