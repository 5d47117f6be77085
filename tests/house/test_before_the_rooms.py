"""What the version before the rooms wrote: its store is upgraded, its ledger goes on."""

import shutil
from pathlib import Path

import pytest
from harnesses import Harness
from house_evidence import Candidate

from harness_forge import cli
from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import StoreError
from harness_forge.store.migrations import FILES

OLD = Path(__file__).with_name("before_the_rooms")


@pytest.fixture
def old_store(store):
    """A store with the skill `stig` at step 0003, filled, with the table that Alembic left."""
    steps = [FILES[step].read_text(encoding="utf-8") for step in ("0001", "0002", "0003")]
    filled = (OLD / "store.sql").read_text(encoding="utf-8")
    with store.engine.begin() as connection:
        raw = connection.connection.driver_connection
        raw.execute("CREATE SCHEMA stig; SET LOCAL search_path = stig")
        for text in (*steps, filled):
            raw.execute(text)
        raw.execute(
            "CREATE TABLE alembic_version (version_num varchar(32) NOT NULL,"
            " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));"
            " INSERT INTO alembic_version VALUES ('0003')"
        )
    return store


def test_its_store_upgrades_and_its_rows_are_exported(old_store, tmp_path):
    with pytest.raises(StoreError, match=r"at step 0003.*\n  hint: run `forge store upgrade"):
        old_store.skill("stig")
    assert old_store.upgrade("stig") == [
        FILES[step].stem for step in sorted(FILES) if step > "0003"
    ]
    config = compose(None, ["skill=stig", "role=worker", "prompt.context=none"]).export
    report = Harness(old_store.skill("stig"), tmp_path / "data").export(config)
    assert (report.read, report.examples["train"]) == (2, 1)
    assert report.rejected == {"not_passed": 1}
    assert "light lamp_a" in (report.path / "train.jsonl").read_text()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with the old ledger of decisions, the champion's pointer and both adapters."""
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    for candidate in (Candidate(0.25, 5, 1), Candidate(0.5, 9, 2)):
        candidate.write(home, tmp_path / "outputs")
    for name, place in {
        "decisions.jsonl": "ledger",
        "decisions.head": "ledger",
        "lamps.worker.json": "champions",
    }.items():
        (home / place).mkdir(parents=True, exist_ok=True)
        shutil.copy(OLD / name, home / place / name)
    return home


def test_its_champions_are_listed_compared_and_rolled_back(home, capsys):
    assert cli.main(["champion", "ls", f"forge_home={home}"]) == 0
    row = capsys.readouterr().out.splitlines()[1]
    assert row.split()[:4] == ["lamps.worker", "a", "lamp-worker-1.1.0", "lamp-worker-d86b1f6b38b0"]
    for words in (["champion", "show"], ["champion", "diff"], ["champion"]):
        assert cli.main([*words, f"forge_home={home}"]) == 0
    assert "better_by_family" in capsys.readouterr().out
    before = (home / "ledger" / "decisions.jsonl").read_bytes()
    undone = ["rollback", "lamps.worker", "--reason=flickers", f"forge_home={home}"]
    assert cli.main(undone) == 0
    assert "lamp-worker-f6a2ea83596f is champion again" in capsys.readouterr().out
    after = (home / "ledger" / "decisions.jsonl").read_bytes()
    assert after.startswith(before)
    assert after.count(b"\n") == before.count(b"\n") + 1
    assert cli.main(["champion", "ls", f"forge_home={home}"]) == 0
    assert "lamp-worker-1.0.0" in capsys.readouterr().out
