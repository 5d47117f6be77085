"""What goes wrong with a server is told in one line, without the password."""

from __future__ import annotations

import pytest
from store_records import ITEM, RUN, attempt

from harness_forge.core.errors import StoreError
from harness_forge.store import database
from harness_forge.store.database import Store, open_store


@pytest.fixture
def guest(store_server):
    """URL of a role that must give a password and may do nothing."""
    settings = store_server._server.data / "pg_hba.conf"
    before = settings.read_text()
    with store_server.engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE guest LOGIN PASSWORD 'p@ss:word'")
        settings.write_text(f"local all guest scram-sha-256\n{before}")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    yield store_server.url.replace("forge@", "guest:p%40ss%3Aword@")
    with store_server.engine.begin() as connection:
        connection.exec_driver_sql("DROP ROLE guest")
        settings.write_text(before)
        connection.exec_driver_sql("SELECT pg_reload_conf()")


def fault(url) -> str:
    with pytest.raises(StoreError) as told:
        open_store(url, None)
    assert "***" in str(told.value) or "@" not in url
    return str(told.value)


def test_a_server_that_is_down():
    assert fault("postgresql://me:secret@127.0.0.1:1/db") == (
        "postgresql://me:***@127.0.0.1:1/db: nothing answers there\n"
        "  hint: start the server or check host and port"
    )


def test_a_socket_that_is_not_there():
    assert "nothing answers there" in fault("postgresql://me:secret@/db?host=/nowhere")


def test_a_url_of_something_else():
    assert fault("mysql://me:sec@ret@host/db").startswith(
        "mysql://me:***@host/db: is not a PostgreSQL URL\n"
    )


def test_a_url_that_libpq_cannot_read_keeps_its_secret():
    assert "secret" not in fault("postgresql://me:secret@host:port/db")


def test_a_wrong_password(guest):
    assert fault(guest.replace("word@", "wood@")).split(": ", 1)[1] == (
        "wrong user or password\n  hint: check store.url or PGPASSWORD"
    )


def test_no_password(guest, monkeypatch):
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    assert "the server wants a password" in str(fault(guest.replace(":p%40ss%3Aword", ":")))


def test_a_role_without_privileges(guest):
    with open_store(guest, None) as store:
        with pytest.raises(StoreError, match="the role lacks a privilege") as told:
            store.upgrade("stig")
        assert "word" not in str(told.value)


def test_a_database_that_does_not_exist(store):
    with pytest.raises(StoreError, match="no such database"):
        open_store(store.url.replace("/forge?", "/nothing?"), None)


def test_a_user_that_does_not_exist(store):
    with pytest.raises(StoreError, match="no such user"):
        open_store(store.url.replace("forge@", "nobody:x@"), None)


def test_a_database_that_cannot_hold_every_character(store):
    with store.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql(
            "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
            " TEMPLATE template0"
        )
    with pytest.raises(StoreError, match="encoding is LATIN1"):
        open_store(store.url.replace("/forge?", "/latin?"), None)
    with store.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("DROP DATABASE latin")


def test_a_full_disk_is_told_and_nothing_is_half_written(store, stig, query):
    run_id = stig.open_run(**RUN).run_id
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION stig.full() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;"
            " CREATE TRIGGER f BEFORE INSERT ON stig.turns EXECUTE FUNCTION stig.full()"
        )
    with pytest.raises(StoreError, match="the disk of the store is full\n  hint: free some space"):
        stig.record(run_id, ITEM, attempt())
    assert query("SELECT count(*) FROM attempts") == [(0,)]


def test_work_goes_on_after_connections_were_cut(store, stig, query):
    run_id = stig.open_run(**RUN).run_id
    stig.record(run_id, ITEM, attempt(1))
    with Store(store.url) as other, other.engine.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
    stig.record(run_id, ITEM, attempt(2))
    assert query("SELECT count(*) FROM attempts") == [(2,)]


def test_an_older_server_is_refused(store, monkeypatch):
    monkeypatch.setattr(database, "_OLDEST_SERVER", 99)
    with pytest.raises(StoreError, match=r"is PostgreSQL \d+; 99 or newer is needed"):
        Store(store.url)
