"""A store whose disk fills up while a file is taken in."""

import pytest
from foreign_files import conversation

from harness_forge.core.errors import StoreError

_FULL = """
CREATE FUNCTION tau_bench.fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT count(*) FROM tau_bench.attempts) > 500 THEN
        RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER fill AFTER INSERT ON tau_bench.attempts EXECUTE FUNCTION tau_bench.fill()
"""


def test_it_is_one_error_and_the_next_call_writes_the_rest_once(
    skill, store, take, count, tau_bench, lines_of, tmp_path
):
    path = lines_of(tmp_path / "a-air.json", [conversation(n, 0) for n in range(620)])
    with store.engine.begin() as connection:
        connection.exec_driver_sql(_FULL)
    with pytest.raises(StoreError) as told:
        take(path, tau_bench)
    assert told.value.what == "the disk of the store is full"
    assert told.value.hint == "free some space and run the same command again"
    assert count() == 500
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER fill ON tau_bench.attempts")
    assert take(path, tau_bench).added == 120
    assert (count(), count("items"), count("turns") % 620) == (620, 620, 0)
