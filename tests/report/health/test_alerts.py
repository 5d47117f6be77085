"""What raises an alert, and what does not."""

from __future__ import annotations

import json

import pytest

from harness_forge.cli import main
from harness_forge.cli.health import ALERTS
from harness_forge.config.judge import CRITERIA
from harness_forge.registry import decisions
from harness_forge.store.verdicts import JudgeVerdict, VerdictFile


def kinds(found):
    return [(alert["kind"], alert["subject"]) for alert in found["alerts"]]


def test_a_result_that_fell_raises_an_alert_with_value_threshold_and_remedy(health, fill):
    fill("lamps", before=8, recent=5)
    code, found = health()
    assert (code, found["healthy"], found["trend"]) == (ALERTS, False, "declining")
    (alert,) = found["alerts"]
    assert alert["value"].startswith("passed 80.0% before, 50.0% in the last 7 days: ")
    assert alert["measured"] == pytest.approx(-0.3)
    assert "p at most 0.01" in alert["threshold"]
    assert "forge health --days" in alert["remedy"]
    (one,) = found["series"]
    assert one["tests"]["outcome"]["p_lower_adjusted"] <= 0.001
    assert [day["attempts"] for day in one["days"]] == [20] * 30


def test_two_skills_are_tested_together_and_apart(health, fill):
    fill("lamps", before=8, recent=5)
    fill("doors", before=5, recent=8, missing="{2,3,9}", model="another/model:7b")
    code, found = health()
    assert kinds(found) == [("declining", "lamps m-1")]
    assert {one["skill"]: len(one["days"]) for one in found["series"]} == {"doors": 27, "lamps": 30}
    code, found = health("doors")
    assert (code, found["trend"]) == (0, "improving")
    assert found["message"] == "no alert; a result rose"


def test_nothing_that_fell_is_healthy(health, fill):
    fill("lamps")
    code, found = health()
    assert (code, found["healthy"], found["trend"]) == (0, True, "steady")


def test_a_small_fall_raises_none_however_sure_it_is(health, fill):
    fill("lamps", before=8, recent=5)
    assert health("health.declining.drop=0.4")[0] == 0
    assert health("health.declining.alpha=0")[0] == 0


def test_evaluation_runs_and_held_out_items_are_not_looked_at(health, fill, store):
    fill("lamps", before=8, recent=0, purpose="evaluate")
    assert health("health.no_data.days=0")[1]["series"] == []
    fill("doors", before=8, recent=0)
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO doors.splits (group_key, split, salt)"
            " SELECT DISTINCT group_key, 'holdout', '' FROM doors.work_items"
        )
    code, found = health("doors")
    assert (code, found["series"]) == (0, [])
    assert found["skills"]["doors"]["held_out"] == 600


def test_every_attempt_counts_where_it_is_asked_for_but_no_held_out_one(health, fill, store):
    fill("lamps", purpose="evaluate")
    fill("doors")
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE doors.attempts SET origin = 'mutated' WHERE mod(id, 2) = 0"
        )
        connection.exec_driver_sql(
            "INSERT INTO lamps.splits (group_key, split, salt) VALUES ('group0', 'holdout', '')"
        )
    counts = {}
    for words in ([], ["health.every=true"]):
        _, found = health(*words)
        counts[found["every"]] = {
            one["skill"]: one["recent"]["attempts"] + one["before"]["attempts"]
            for one in found["series"]
        }
    assert counts == {False: {"doors": 300}, True: {"doors": 600, "lamps": 570}}
    told = found["skills"]
    assert (told["lamps"]["within"], told["lamps"]["held_out"]) == (600, 30)
    assert (told["lamps"]["evaluated"], told["doors"]["made_to_fail"]) == (570, 300)


def test_silence_raises_an_alert(health, fill, store):
    fill("lamps", missing="{0,1,2,3,4}")
    _, found = health()
    assert kinds(found) == [("no_data", "lamps")]
    assert found["alerts"][0]["value"] == "the last attempt was 5.0 days ago"
    assert health("health=imported")[0] == 0


def test_a_skill_that_was_never_used_is_not_silent(health, fill, store):
    store.upgrade("doors")
    assert kinds(health()[1]) == [("no_data", "store")]
    fill("lamps")
    assert health()[0] == 0


def test_attempts_of_the_future_count_in_no_window(health, fill, store):
    fill("lamps")
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE lamps.attempts SET created_at = created_at + interval '40 days'"
            " WHERE run_id = 'run1'"
        )
    _, found = health()
    assert kinds(found) == [("clock", "lamps")]
    assert found["alerts"][0]["value"].startswith("20 attempts of the future")
    assert len(found["series"][0]["days"]) == 29


def test_too_little_is_not_tested_and_says_so(health, fill):
    fill("lamps", before=8, recent=0, days=9, items=20)
    code, found = health()
    assert (code, found["trend"]) == (0, "unknown")
    said = found["series"][0]["tests"]["outcome"]["not_tested"]
    assert said == "2 and 7 days are too few for alpha 0.01"


def test_a_judges_scores_are_a_series_of_their_own(health, fill, store, tmp_path):
    fill("lamps")
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO lamps.turns (run_id, item_id, attempt_num, agent, attempt_id, decisive)"
            " SELECT run_id, item_id, 1, 'worker', id, true FROM lamps.attempts"
        )
        rows = connection.exec_driver_sql("SELECT id, run_id FROM lamps.turns ORDER BY id").all()
    with VerdictFile(tmp_path / "judge" / "a.jsonl") as file:
        for turn, run in rows:
            fallen = int(run.removeprefix("run")) < 7
            mark = (0.3 if fallen else 0.8) + turn % 3 / 20
            scores = dict.fromkeys(CRITERIA, mark)
            file.add(JudgeVerdict(f"lamps/{run}/{turn}", "f", "j", "", scores, None, "", 1, ""))
    _, found = health()
    assert kinds(found) == [("declining", "lamps m-1 worker")]
    assert "the judge's score 85.0% before, 35.0%" in found["alerts"][0]["value"]
    (one,) = found["series"]
    assert one["days"][0]["scores"] == [0, 0, 0, 0, 20]
    assert sum(one["days"][-1]["scores"][1:3]) == 20


def test_verdicts_that_cannot_be_read_are_an_alert_beside_the_others(health, fill, tmp_path):
    fill("lamps", before=8, recent=5)
    (tmp_path / "judge").mkdir()
    (tmp_path / "judge" / "a.jsonl").write_text("no verdict\n")
    _, found = health()
    assert kinds(found) == [("ledger", "judge"), ("declining", "lamps m-1")]


def decide(home, *steps):
    for decision, name, days in steps:
        with decisions.opened(home) as book:
            when = f"2026-01-{days:02}T00:00:00+00:00"
            one = {"name": name, "digest": name * 8}
            facts = {"candidate": one, "skill": "lamps", "role": "worker", "time": when}
            kind = "rollback" if decision == "rolled back" else "decision"
            if kind == "rollback":
                facts["champion_after"] = {"name": "aa", "digest": "aa" * 8}
            book.append({"kind": kind, "decision": decision, "why": "", **facts})


def at(config_words, home, when):
    from datetime import UTC, datetime

    from harness_forge.config.compose.engine import compose
    from harness_forge.report.health.collect import collect

    words = [f"forge_home={home}", f"data_dir={home}", "health.no_data.days=0"]
    words += ["health.disk.free_gb=0", "health.disk.free_percent=0", *config_words]
    return collect(compose(None, words), now=datetime(*when, tzinfo=UTC))


def test_a_rollback_and_a_champion_that_stays_raise_alerts(tmp_path):
    steps = [("promoted", "aa", 1), ("promoted", "bb", 2), ("rolled back", "bb", 10)]
    decide(tmp_path, *steps, ("rejected", "cc", 12), ("inconclusive", "dd", 13))
    found = at([], tmp_path, (2026, 1, 14))
    (alert,) = found.alerts
    assert (alert.kind, alert.value) == ("rollbacks", "1 rollback in 7 days")
    (slot,) = found.slots
    assert (slot.slot, slot.champion.partition("-")[0], slot.decided) == ("lamps.worker", "aa", 2)
    found = at([], tmp_path, (2026, 1, 30))
    (alert,) = found.alerts
    assert alert.kind == "stuck"
    assert "since 20 days, 2 decisions since then; no series rose" in alert.value
    assert at(["health.stuck.days=0"], tmp_path, (2026, 1, 30)).healthy


def test_a_ledger_that_was_changed_is_an_alert(tmp_path):
    decide(tmp_path, ("promoted", "aa", 1))
    place = decisions.path(tmp_path)
    place.write_text(place.read_text().replace("promoted", "rejected"))
    (alert,) = at([], tmp_path, (2026, 1, 2)).alerts
    assert (alert.kind, alert.remedy) == ("ledger", "put the ledger back from a copy")


def test_a_full_disk_is_an_alert(tmp_path):
    (alert,) = at(["health.disk.free_gb=1e9"], tmp_path, (2026, 1, 2)).alerts
    assert alert.kind == "disk"
    assert "free" in alert.value


def test_no_store_is_no_data_and_makes_none(tmp_path, capsys):
    assert main(["health", f"forge_home={tmp_path}/none"]) == ALERTS
    assert "no skill has records" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()


def test_a_store_that_is_down_is_an_alert_without_its_password(tmp_path, capsys):
    url = "postgresql://forge:secret@127.0.0.1:1/forge"
    assert main(["health", "--json", f"store.url='{url}'", f"forge_home={tmp_path}"]) == ALERTS
    said = capsys.readouterr().out
    assert '"store_up": false' in said
    assert "secret" not in said
    assert json.loads(said)["alerts"][0]["kind"] == "store"


def test_an_unknown_skill_is_named(health, fill):
    fill("lamps")
    code, said = health("lmaps")
    assert code == 2
    assert "did you mean 'lamps'?" in said
