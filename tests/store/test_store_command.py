"""`forge store`: what people see."""

from __future__ import annotations

import pytest
from store_records import ITEM, RUN, attempt

from harness_forge.cli import main


@pytest.fixture
def forge(store, capfd):
    """Runs `forge store ...` on the test's store; returns exit code, output, errors."""

    def run(action, *words):
        code = main(["store", action, f"store.url='{store.url}'", *words])
        return code, *capfd.readouterr()

    return run


def test_status_shows_server_schemas_and_rows(forge, stig):
    stig.record(stig.open_run(**RUN).run_id, ITEM, attempt())
    code, out, _ = forge("status")
    assert code == 0
    assert "PostgreSQL 18" in out
    assert "schema stig: step 0011 (up to date)" in out
    assert "turns                     2" in out


def test_status_hides_the_password(forge, store, capfd):
    url = store.url.replace("forge@", "forge:secret@")
    assert main(["store", "status", f"store.url='{url}'"]) == 0
    out = capfd.readouterr().out
    assert "forge:***@" in out
    assert "secret" not in out


def test_status_of_nothing_makes_nothing(tmp_path, capfd):
    assert main(["store", "status", f"forge_home={tmp_path}/home"]) == 0
    assert "no store yet" in capfd.readouterr().out
    assert not (tmp_path / "home").exists()


def test_upgrade_names_its_steps(forge):
    assert (
        forge("upgrade", "skill=stig")[1]
        == "stig: 0001_tables, 0002_views, 0003_captures, 0004_draws, 0005_clusters,"
        " 0006_runs_of_turns, 0007_costs, 0008_pages, 0009_exact_prices, 0010_shared_messages,"
        " 0011_captured_parts\n"
    )
    assert forge("upgrade", "skill=stig")[1] == "stig: up to date\n"


def test_url_is_what_clients_can_use(forge, store):
    assert forge("url")[:2] == (0, f"{store.url}\n")


def test_psql_passes_its_options_on(forge, stig):
    code, out, _ = forge("psql", "-At", "-c", "SELECT 'a=' || count(*) FROM stig.attempts")
    assert (code, out) == (0, "a=0\n")


def test_psql_gives_its_exit_code(forge, store):
    code, _, err = forge("psql", "-c", "SELECT nonsense")
    assert code == 1
    assert 'column "nonsense" does not exist' in err


def test_psql_missing_is_told(forge, store, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    code, _, err = forge("psql")
    assert code == 3
    assert err.startswith("forge: psql: is not installed\n  hint: ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            [],
            "forge: forge store: which action?\n"
            "  hint: forge store status|upgrade|prices|url|psql\n",
        ),
        (
            ["drop"],
            "forge: forge store: there is no action 'drop'\n"
            "  hint: forge store status|upgrade|prices|url|psql\n",
        ),
        (["url", "x"], "forge: forge store url: takes no 'x'\n  hint: only key=value\n"),
    ],
)
def test_a_wrong_action_is_told(words, told, capfd):
    assert main(["store", *words]) == 2
    assert capfd.readouterr().err == told
