"""Files in formats of other tools, taken into a store and exported."""

import json
import zipfile

import pytest

from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import SourceError

META = {"type": "session_meta", "payload": {"id": "s1"}}


@pytest.fixture
def source():
    return lambda name: compose(None, [f"source={name}", "skill=recorded"]).source


def said(role, words):
    part = {"type": "input_text" if role == "user" else "output_text", "text": words}
    message = {"type": "message", "role": role, "content": [part]}
    return {"type": "response_item", "payload": message}


def written(*records):
    return "".join(json.dumps(one) + "\n" for one in records)


def test_a_session_that_is_still_written_is_read_anew_when_it_has_grown(
    take, count, source, tmp_path
):
    path = tmp_path / "rollout.jsonl"
    whole = written(META, said("user", "a"), said("assistant", "A"), said("user", "b"))
    path.write_text(whole + '{"type": "response_it')
    [first] = take(path, source("codex")).files
    assert (first.attempts, first.turns, first.malformed) == (1, 1, 0)
    path.write_text(whole + written(said("assistant", "B")))
    [second] = take(path, source("codex")).files
    assert (second.attempts, second.turns) == (1, 2)
    assert (count("attempts"), count("turns")) == (1, 2)
    [again] = take(path, source("codex")).files
    assert (again.added, count("turns")) == (0, 2)


@pytest.fixture
def log(tmp_path):
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "A"}]
    sample = {"id": 1, "epoch": 1, "messages": talk, "scores": {"match": {"value": "C"}}}
    with zipfile.ZipFile(tmp_path / "a.eval", "w") as made:
        made.writestr("header.json", json.dumps({"eval": {"task": "t", "model": "m"}}))
        made.writestr("samples/1_epoch_1.json", json.dumps(sample))
    return tmp_path / "a.eval"


def test_an_archive_is_taken_in_by_its_format(take, count, source, log):
    [report] = take(log, source("inspect")).files
    assert (report.attempts, report.passed, count("turns")) == (1, 1, 1)


def test_an_archive_names_the_source_that_reads_it(take, source, log):
    with pytest.raises(SourceError) as caught:
        take(log, source("trajectories"))
    assert str(caught.value).endswith("a.eval: is an Inspect log\n  hint: source=inspect reads it")


def test_an_archive_that_is_cut_off_is_refused(take, source, log):
    log.write_bytes(log.read_bytes()[:200])
    with pytest.raises(SourceError, match="is no whole zip archive"):
        take(log, source("inspect"))


def test_a_whole_file_of_another_format_is_refused_with_its_source(take, source, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(written(META, said("user", "a"), said("assistant", "A")))
    with pytest.raises(SourceError, match="it looks like a Codex rollout: source=codex"):
        take(path, source("claude_code"))
