"""A file that somebody writes to while it is read: growing is fine, another content is not."""

import json
import os

import pytest
from foreign_files import conversation

from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import SourceError


def lines(tasks):
    """Return records of 12 KB: more than is read ahead is left when the first are written."""
    made = [conversation(task, 0) | {"note": "y" * 12_000} for task in tasks]
    return "".join(json.dumps(record) + "\n" for record in made)


def meddled(take, config, path, how):
    """Take a file in and let `how` change it once 500 records are written."""
    done = []

    def progress(source, found):
        if not done:
            done.append(how())

    return take(path, config, progress)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a-air.json"
    path.write_text(lines(range(620)))
    return path


def test_one_that_is_cut_off_is_an_error_and_whole_again_goes_on(take, count, tau_bench, path):
    whole = path.read_bytes()
    with pytest.raises(SourceError, match="was changed while it was read") as told:
        meddled(take, tau_bench, path, lambda: os.truncate(path, len(whole) // 2))
    assert told.value.hint == "take it in with source.again=true when nobody writes to it"
    kept = count()
    assert 500 <= kept < 620
    path.write_bytes(whole)
    assert take(path, tau_bench).added == 620 - kept
    assert (count(), count("items")) == (620, 620)


def test_one_that_is_rewritten_is_an_error_and_again_leaves_the_new_one_alone(
    take, count, tau_bench, path
):
    other = lines(range(1000, 1300))
    with pytest.raises(SourceError, match="was changed while it was read"):
        meddled(take, tau_bench, path, lambda: path.write_text(other))
    assert take(path, tau_bench, again=True).added == 300
    assert (count(), count("items")) == (300, 300)


def test_one_that_grows_is_read_on_by_the_next_call(take, count, tau_bench, path):
    def grow():
        with path.open("a") as file:
            file.write(lines(range(620, 640)))

    meddled(take, tau_bench, path, grow)
    take(path, tau_bench)
    assert (count(), count("items")) == (640, 640)
    assert take(path, tau_bench).added == 0


def test_one_that_is_touched_or_moved_over_by_its_copy_is_the_same(take, count, tau_bench, path):
    def replace():
        copy = path.with_name("copy")
        copy.write_bytes(path.read_bytes())
        copy.replace(path)
        os.utime(path)

    assert meddled(take, tau_bench, path, replace).added == 620


def test_one_that_is_removed_is_an_error(take, count, tau_bench, path):
    whole = path.read_bytes()
    with pytest.raises(SourceError, match=r"cannot be read: No such file.*\n.*was it removed"):
        meddled(take, tau_bench, path, path.unlink)
    path.write_bytes(whole)
    take(path, tau_bench)
    assert count() == 620


def test_an_item_that_passes_in_what_was_added_is_not_down_as_given_up(take, ask, skill, tmp_path):
    def record(number, score):
        said = [
            {"role": "user", "content": "Which jar holds the plums of last year?"},
            {"role": "assistant", "content": f"Jar {number}."},
        ]
        return json.dumps({"task": "jar", "score": score, "said": said}) + "\n"

    mapping = ["item='{task}'", "messages='{said}'", "outcome='{score}'"]
    words = [f"source.mapping.{one}" for one in mapping]
    config = compose(None, ["source=trajectories", "skill=recorded", *words]).source
    path = tmp_path / "grows.jsonl"
    path.write_text(record(1, 0))
    take(path, config)
    outcomes = "SELECT outcome, attempts FROM work_items"
    assert ask(outcomes) == [("escalated", 1)]
    with path.open("a") as file:
        file.write(record(2, 1))
    take(path, config)
    assert ask(outcomes) == [("completed", 2)]
    assert ask("SELECT reason FROM label_flags") == []
