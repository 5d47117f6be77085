import json
import random
import zipfile
import zlib
from dataclasses import replace

import pytest
import zstandard
from reading_formats import attempts, left_out, read, told, whole

from harness_forge.collect.sources.formats import zipped
from harness_forge.collect.sources.records import LeftOut
from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import SourceError

TASK = {"task": "seeds", "model": "m1", "run_id": "r1"}
ASKED = {"id": "1", "role": "user", "content": "Where?", "source": "input"}
CALL = {"id": "c1", "function": "look", "arguments": {"n": 1}, "type": "function"}
CALLED = {"id": "2", "role": "assistant", "content": "", "tool_calls": [CALL]}
FOUND = {"id": "3", "role": "tool", "tool_call_id": "c1", "function": "look", "content": "four"}
SAID = {"id": "4", "role": "assistant", "content": "Four."}


def sample(*messages, **changes):
    scores = {"match": {"value": "C"}, "other": {"value": 0.25}}
    made = {"id": "q0", "epoch": 1, "messages": [*messages], "scores": scores}
    return made | changes


def log(*samples):
    return {"version": 2, "eval": TASK, "samples": [*samples]}


def model_call(message, shown=(), **changes):
    choice = {"message": message, "stop_reason": "max_tokens"}
    used = {"input_tokens": 9, "output_tokens": 2}
    return {
        "event": "model",
        "model": "m1",
        "input": [*shown],
        "tools": [{"name": "look", "parameters": {"type": "object"}}],
        "output": {"choices": [choice], "usage": used},
    } | changes


def one(tmp_path, made, **changes):
    [found] = attempts(whole(tmp_path / "log.json", log(made)), "inspect", **changes)
    return found


def test_a_sample_is_an_attempt_and_its_first_score_the_outcome(tmp_path):
    found = one(tmp_path, sample(ASKED, CALLED, FOUND, SAID, epoch=2))
    assert [told(turn) for turn in found.attempt.turns] == [
        (["user: Where?"], 'assistant: look({"n": 1})'),
        (["user: Where?", 'assistant: look({"n": 1})', "tool: four"], "assistant: Four."),
    ]
    assert (found.item.item_id, found.run, found.attempt.attempt_num) == ("seeds/q0", "r1", 2)
    assert found.attempt.outcome.passed


def test_a_mapping_picks_another_score(tmp_path):
    path = whole(tmp_path / "log.json", log(sample(ASKED, SAID)))
    mapping = compose(None, ["source=inspect", "skill=recorded"]).source.mapping
    [found] = attempts(path, "inspect", mapping=replace(mapping, outcome="{scores.other}"))
    assert (found.attempt.outcome.passed, found.attempt.outcome.value) == (False, 0.25)


@pytest.mark.parametrize(
    ("value", "passed"),
    [("C", True), ("I", False), ("N", False), ("P", False), (1, True), (False, False)],
)
def test_scores_in_letters_numbers_and_truth_values(tmp_path, value, passed):
    found = one(tmp_path, sample(ASKED, SAID, scores={"s": {"value": value}}))
    assert (found.attempt.outcome.passed, found.attempt.outcome.infrastructure) == (passed, False)


@pytest.mark.parametrize("changes", [{"error": {"message": "down"}}, {"scores": None}])
def test_a_sample_with_an_error_or_without_scores_has_no_verdict(tmp_path, changes):
    assert one(tmp_path, sample(ASKED, SAID, **changes)).attempt.outcome.infrastructure


def test_without_ids_another_call_is_no_answer_of_the_agent(tmp_path):
    bare = [
        {key: held for key, held in one.items() if key != "id"}
        for one in (ASKED, CALLED, FOUND, SAID)
    ]
    graded = model_call({"role": "assistant", "content": "GRADE: C"}, model="grader")
    events = [model_call(bare[1], bare[:1]), model_call(bare[3], bare[:3]), graded]
    found = one(tmp_path, sample(*bare, events=events)).attempt.turns
    assert [(told(turn)[1], turn.model) for turn in found] == [
        ('assistant: look({"n": 1})', "m1"),
        ("assistant: Four.", "m1"),
    ]
    assert len(told(found[1])[0]) == 3
    assert left_out(tmp_path / "log.json", "inspect") == ["other_model_call"]


def test_an_answer_is_read_from_its_call_as_it_was_given(tmp_path):
    given = {**SAID, "tool_calls": [{**CALL, "function": "submit"}]}
    events = [model_call(given, [ASKED]), model_call({"id": "9", "content": "GRADE: C"})]
    [turn] = one(tmp_path, sample(ASKED, SAID, events=events)).attempt.turns
    assert told(turn)[1] == 'assistant: Four. submit({"n": 1})'
    assert (turn.prompt_tokens, turn.completion_tokens, turn.finish_reason) == (9, 2, "length")
    assert turn.tools[0]["function"]["name"] == "look"
    assert left_out(tmp_path / "log.json", "inspect") == ["other_model_call"]


def test_messages_and_texts_that_a_log_holds_once_are_put_in_their_places(tmp_path):
    pool = {"messages": [{**ASKED, "content": "attachment://a1"}, CALLED, FOUND]}
    event = model_call(SAID, input_refs=[[0, 1], [2, 3]])
    made = sample(ASKED, SAID, events=[event], events_data=pool, attachments={"a1": "Where, now?"})
    [turn] = one(tmp_path, made).attempt.turns
    assert told(turn)[0] == ["user: Where, now?", "tool: four"]


def test_of_a_tool_that_failed_its_error_is_shown(tmp_path):
    failed = {**FOUND, "content": "", "error": {"type": "timeout", "message": "It took too long."}}
    shown = ["user: Where?", 'assistant: look({"n": 1})', "tool: It took too long."]
    *_, last = one(tmp_path, sample(ASKED, CALLED, failed, SAID)).attempt.turns
    assert told(last)[0] == shown
    event = model_call(SAID, [ASKED, CALLED, failed])
    *_, last = one(tmp_path, sample(ASKED, CALLED, failed, SAID, events=[event])).attempt.turns
    assert told(last)[0] == shown
    pool = {"messages": [ASKED, CALLED, failed]}
    event = model_call(SAID, input_refs=[[0, 3]])
    made = sample(ASKED, CALLED, failed, SAID, events=[event], events_data=pool)
    *_, last = one(tmp_path, made).attempt.turns
    assert told(last)[0] == shown


def test_examples_in_the_input_are_no_answers(tmp_path):
    example = {**SAID, "id": "0", "source": "input"}
    assert len(one(tmp_path, sample(example, ASKED, SAID)).attempt.turns) == 1


def archive(path, packed, *samples, head="header.json"):
    with zipfile.ZipFile(path, "w", packed) as made:
        made.writestr(head, json.dumps({"eval": TASK}))
        for number, each in enumerate(samples):
            made.writestr(f"samples/q{number}_epoch_1.json", json.dumps(each))
        made.writestr("summaries.json", "[]")
    return path


@pytest.mark.parametrize("head", ["header.json", "_journal/start.json"])
def test_an_archive_holds_a_sample_a_member(tmp_path, head):
    path = archive(
        tmp_path / "a.eval", zipfile.ZIP_DEFLATED, sample(ASKED, SAID), sample(ASKED, id=7),
        head=head,
    )  # fmt: skip
    found = read(path, "inspect")
    assert found[0].item.item_id == "seeds/q0"
    assert found[1] == LeftOut(2, "no_answer", "nobody answers in it")


def zstd_archive(path, *samples):
    """Write what Python's own zipfile cannot: members as stored, then marked as packed."""
    held = {"header.json": {"eval": TASK}} | {f"samples/{n}.json": s for n, s in enumerate(samples)}
    texts = {name: json.dumps(one).encode() for name, one in held.items()}
    with zipfile.ZipFile(path, "w") as made:
        for name, text in texts.items():
            made.writestr(name, zstandard.compress(text))
    data = path.read_bytes()
    with zipfile.ZipFile(path) as made:
        infos = made.infolist()
    edited, at = bytearray(data), made.start_dir
    for info in infos:
        text, place = texts[info.filename], info.header_offset
        crc = zlib.crc32(text).to_bytes(4, "little")
        size = len(text).to_bytes(4, "little")
        edited[place + 8 : place + 10] = edited[at + 10 : at + 12] = (93).to_bytes(2, "little")
        edited[place + 14 : place + 18] = edited[at + 16 : at + 20] = crc
        edited[place + 22 : place + 26] = edited[at + 24 : at + 28] = size
        at += 46 + len(info.filename)
    path.write_bytes(edited)
    return path


def test_members_may_be_packed_with_zstd(tmp_path):
    path = zstd_archive(tmp_path / "a.eval", sample(ASKED, SAID))
    [found] = attempts(path, "inspect")
    assert told(found.attempt.turns[0]) == (["user: Where?"], "assistant: Four.")


@pytest.mark.parametrize("write", [lambda path, made: archive(path, 8, made), zstd_archive])
def test_a_member_that_unpacks_to_too_much_is_not_read(tmp_path, write):
    path = write(tmp_path / "a.eval", sample({**ASKED, "content": "x" * (2 << 20)}, SAID))
    [found] = read(path, "inspect", max_line_mb=1)
    assert (found.reason, found.malformed) == ("too_long", True)
    assert found.detail.endswith("over 1 MB: source.max_line_mb")


def test_an_archive_of_something_else(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.eval", "w") as made:
        made.writestr("readme.json", "{}")
    [found] = read(tmp_path / "a.eval", "inspect")
    assert found.detail == "no header.json in it, so it is no Inspect log"


def test_a_log_without_its_samples_holds_no_conversation(tmp_path):
    path = whole(tmp_path / "log.json", {"version": 2, "eval": TASK})
    assert left_out(path, "inspect") == ["no_samples"]


@pytest.mark.parametrize("write", [lambda path, *made: archive(path, 8, *made), zstd_archive])
def test_a_damaged_archive_is_one_error_or_counted_and_never_a_crash(tmp_path, write):
    path, draw = tmp_path / "a.eval", random.Random(8)
    whole_one = write(path, *[sample(ASKED, SAID, id=n) for n in range(4)]).read_bytes()
    told_of = 0
    for number in range(240):
        damaged, at = bytearray(whole_one), draw.randrange(4, len(whole_one) - 400)
        if number % 3 == 0:
            del damaged[at : at + draw.randrange(1, 300)]
        elif number % 3 == 1:
            damaged[at] ^= draw.randrange(1, 256)
        else:
            damaged[-draw.randrange(1, 600)] = draw.choice([0, 1, 255, 93, 99])
        path.write_bytes(damaged)
        try:
            found = list(zipped.members(path, 1 << 20, lambda name: name.endswith(".json")))
        except SourceError:
            told_of += 1
            continue
        told_of += any(isinstance(each, LeftOut) for each in found)
        assert number % 3 or any(isinstance(each, LeftOut) for each in found)
    assert told_of > 120
