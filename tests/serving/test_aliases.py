"""Aliases: followed, held while a request is under way, moved while others follow them."""

import subprocess
import sys
import threading

import pytest

from harness_forge.core.errors import ServeError
from harness_forge.serving import aliases
from harness_forge.serving.aliases import Aliases, AliasTarget

URL = "http://127.0.0.1:8000/v1"


def test_what_is_no_alias_is_passed_on(tmp_path):
    assert Aliases(tmp_path).take("local") is None


def test_a_move_is_seen_by_the_next_request(tmp_path):
    door = Aliases(tmp_path)
    aliases.move(tmp_path, "champion", "a-1", URL, "1")
    with door.leased("champion") as first:
        aliases.move(tmp_path, "champion", "a-2", URL, "2")
        with door.leased("champion") as second:
            assert (first.model, second.model) == ("a-1", "a-2")
            assert (first.generation, second.generation) == (1, 2)


def test_a_target_drains_once_its_last_request_ended(tmp_path):
    door = Aliases(tmp_path)
    aliases.move(tmp_path, "champion", "a-1", URL)
    first, second = door.take("champion"), door.take("champion")
    aliases.move(tmp_path, "champion", "a-2", URL)
    assert not aliases.drained(tmp_path, first, 0.05)
    door.give_back(first)
    assert not aliases.drained(tmp_path, first, 0.05)
    door.give_back(second)
    assert aliases.drained(tmp_path, first, 0.05)


def test_a_killed_door_holds_nothing(tmp_path):
    target = aliases.move(tmp_path, "champion", "a-1", URL)
    code = (
        "import pathlib, sys, time; from harness_forge.serving.aliases import Aliases\n"
        "Aliases(pathlib.Path(sys.argv[1])).take('champion'); print(flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as door:
        door.stdout.readline()
        assert not aliases.drained(tmp_path, target, 0.05)
        door.kill()
    assert aliases.drained(tmp_path, target, 1)


def test_nobody_is_sent_to_a_drained_target(tmp_path):
    """Readers race with moves; what a reader holds was never drained before it let go."""
    door, over, faults = Aliases(tmp_path), threading.Event(), []
    gone = set()
    aliases.move(tmp_path, "champion", "a-0", URL)

    def follow():
        while not over.is_set():
            with door.leased("champion") as target:
                if target.model in gone:
                    faults.append(target.model)

    threads = [threading.Thread(target=follow) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(100):
        aliases.move(tmp_path, "champion", f"a-{number + 1}", URL)
        assert aliases.drained(tmp_path, AliasTarget(f"a-{number}", URL), 20)
        gone.add(f"a-{number}")
    over.set()
    for thread in threads:
        thread.join()
    assert faults == []


def test_several_aliases_move_at_once_and_a_standing_one_keeps_its_generation(tmp_path):
    aliases.move(tmp_path, "one", "a-1", URL)
    aliases.move_all(tmp_path, ["one", "two"], "a-1", URL)
    assert {name: one.generation for name, one in aliases.read(tmp_path).items()} == {
        "one": 1,
        "two": 1,
    }
    assert aliases.remove(tmp_path, "one")
    assert not aliases.remove(tmp_path, "one")


@pytest.mark.parametrize("text", ["{", "[]", '{"a": {"model": "m"}}', '{"a": {"what": 1}}'])
def test_a_file_that_cannot_be_read_is_told(tmp_path, text):
    aliases.path(tmp_path).parent.mkdir()
    aliases.path(tmp_path).write_text(text)
    with pytest.raises(ServeError, match="holds no aliases that can be read"):
        Aliases(tmp_path).known()
