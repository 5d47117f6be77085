"""A console over what is empty, old, half deleted or of another form."""

import shutil

import pytest
from console_parts import (
    NAME,
    RUN,
    attempt,
    console,
    dataset,
    item,
    links,
    records,
    words,
)

from harness_forge.cli import main
from harness_forge.core.escapes import plain
from harness_forge.core.records import Split


def test_a_dataset_that_is_half_deleted_says_what_is_gone(tmp_path, store):
    store.upgrade("stig")
    folder = dataset(tmp_path / "data", [1], "broken")
    with console(tmp_path, store.url) as browser:
        (folder / "train.jsonl").unlink()
        assert "train.jsonl is gone" in words(browser.get("/datasets/broken"))
        assert browser.ask("GET", "/datasets/broken/lines/train.jsonl")[0] == 404
        (folder / "manifest.json").write_text("[1]")
        assert "holds no mapping" in words(browser.get("/datasets/broken"))
        (folder / "manifest.json").unlink()
        assert "damaged" in words(browser.get("/datasets"))
        assert "is missing" in words(browser.get("/datasets/broken"))
        browser.get("/datasets/broken/left-out")
        (folder / "ledger.jsonl").write_text('{"reason": "x"\n[1, "reason"]\n')
        assert "No row was left out so." in words(browser.get("/datasets/broken/left-out"))
        shutil.rmtree(folder)
        assert "There is no dataset" in words(browser.get("/datasets"))
        assert browser.ask("GET", "/datasets/broken/left-out")[0] == 404


def test_where_nothing_was_made_yet_pages_say_what_makes_it(tmp_path):
    with console(tmp_path, None) as browser:
        assert "There is no record yet. Run forge run." in words(browser.get("/"))
        for path, verb in (
            ("/datasets", "export"),
            ("/adapters", "train"),
            ("/trainings", "train"),
        ):
            assert f"forge {verb}" in words(browser.get(path))
        for path in ("/attempts", "/runs", "/attempts/stig/1"):
            status, _, text = browser.ask("GET", path)
            assert (status, "forge ingest" in words(text)) == (404, True)
    assert not (tmp_path / "home").exists()  # it makes no store


def test_a_skill_of_another_version_is_named_with_its_remedy(tmp_path, store):
    records(store, "old")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE old.alembic_version SET version_num = '0003'")
    with console(tmp_path, store.url) as browser:
        status, _, text = browser.ask("GET", "/attempts?skill=old")
        assert (status, "forge store upgrade" in words(text)) == (503, True)
        assert "forge store upgrade" in words(browser.get("/"))


def test_a_recipe_whose_skill_has_no_record_is_told(tmp_path, store):
    records(store)
    with console(tmp_path, store.url, skill="ubuntu") as browser:
        assert "The recipe's skill, ubuntu, has no record yet." in words(browser.get("/"))


def test_a_connection_that_broke_is_replaced(tmp_path, store):
    records(store)
    with console(tmp_path, store.url) as browser:
        still_answers(browser, store)


def still_answers(browser, store):
    browser.get("/attempts")
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )
    browser.get("/attempts")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[1]\n",
        '{"loss": 1}\n',
        '{"step": "1", "loss": null}\n',
        '{"step": 1, "steps": 0, "loss": NaN, "elapsed_s": 0}\n',
    ],
)
def test_a_metrics_file_of_another_form_costs_the_curve_alone(tmp_path, line):
    place = tmp_path / "home" / "training" / "k"
    place.mkdir(parents=True)
    (place / "metrics.jsonl").write_text(line)
    with console(tmp_path, None) as browser:
        browser.get("/trainings")
        browser.get("/trainings/k")


@pytest.mark.parametrize("name", ["<b>bold", "a%2Fb", "r\u202egnp", "q?x=1&y", "#1", "two/deep"])
def test_a_dataset_may_be_called_anything(tmp_path, name):
    dataset(tmp_path / "data", [1], name)
    with console(tmp_path, None) as browser:
        [path] = [one for one in links(browser.get("/datasets")) if one.startswith("/datasets/")]
        text = browser.get(path)
        assert f"Dataset {plain(name)}" in words(text)
        for one in links(text):
            if one.startswith(path):
                browser.get(one)


def test_an_export_leaves_out_what_was_marked_and_the_page_says_why(tmp_path, store, capsys):
    _, [_, passed, _] = records(store)
    own = store.skill("stig")
    own.record(own.open_run(**RUN, fresh=True).run_id, item("other"), attempt(name="other"))
    own.assign_splits({NAME: Split.TRAIN, "other": Split.TRAIN}, "salt")
    words_of = ("skill=stig", "skill.environment=recorded", "export=worker_sft", "filters=none")
    places = (
        f"data_dir={tmp_path}/data",
        f"forge_home={tmp_path}/home",
        f"store.url='{store.url}'",
    )
    with console(tmp_path, store.url, write=True) as browser:
        browser.post(f"/attempts/stig/{passed}/mark", why="it edits the check")
        assert main(["export", *words_of, *places]) == 0, capsys.readouterr().err
        [path] = [one for one in links(browser.get("/datasets")) if one.startswith("/datasets/")]
        text = browser.get(f"{path}/left-out?reason=label_flagged")
        assert "marked_bad: it edits the check" in words(text)
        assert f"/attempts/stig/{passed}" in links(text)
        assert "Line 2" not in words(browser.get(f"{path}/lines/train.jsonl"))
