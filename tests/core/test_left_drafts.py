"""What a killed writer left beside a file goes with the next write of it."""

import os
import subprocess

from harness_forge.core.files import write_text


def test_drafts_of_the_dead_go_and_those_of_others_stay(tmp_path):
    child = subprocess.Popen(["true"])
    child.wait()
    old = {name: tmp_path / name for name in (f".a.json.{child.pid}", f".a.json.{os.getppid()}")}
    old |= {name: tmp_path / name for name in (f".b.json.{child.pid}", ".a.json.bak")}
    for file in old.values():
        file.write_text("half")
        os.utime(file, (1e9, 1e9))
    fresh = tmp_path / f".a.json.{child.pid}0"
    fresh.write_text("of a process in another container, perhaps")
    write_text(tmp_path / "a.json", "whole")
    gone = {name for name, file in old.items() if not file.exists()}
    assert gone == {f".a.json.{child.pid}"}
    assert fresh.exists() and (tmp_path / "a.json").read_text() == "whole"
