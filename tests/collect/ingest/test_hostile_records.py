"""Records that nobody expects: odd names, huge numbers, depth. None makes a skill unusable."""

import json
from dataclasses import replace

import pytest
from foreign_files import conversation

from harness_forge.core import jsontext
from harness_forge.core.errors import SourceError

ODD = [
    "half \ud83d", "\udc00 half", "nul \x00", "\u241bd83d", "quote ' \" ` \\ ; --", "\u202e\x1b[2J"
]  # fmt: skip


def test_no_name_makes_a_skill_unusable(take, count, tau_bench, lines_of, tmp_path):
    records = []
    for n, odd in enumerate(ODD):
        record = conversation(n, 0)
        record |= {"task_id": odd, "trial": odd, odd: odd}
        record["traj"][2]["tool_calls"][0]["function"] |= {"name": odd, "arguments": {odd: odd}}
        record["traj"][4]["content"] = odd
        records.append(record)
    mapping = replace(tau_bench.mapping, model="{task_id}", title="{task_id}", group="{task_id}")
    config = replace(tau_bench, mapping=mapping)
    assert take(lines_of(tmp_path / "odd-air.json", records), config).added == len(ODD)
    assert count("items") == len(ODD)
    # The skill still takes records in, and every item has a split.
    assert take(lines_of(tmp_path / "more-air.json", [conversation(99, 0)]), tau_bench).added == 1
    without = "items LEFT JOIN splits USING (group_key)"
    assert count(without, "split IS NULL") == 0


def test_a_name_of_any_length_is_taken_in_or_counted(take, tau_bench, lines_of, tmp_path):
    records = [conversation(n, 0) for n in range(3)]
    records[0]["task_id"], records[1]["task_id"] = "\u6f22" * 390, "x" * 100_000
    records[2]["trial"] = "t" * 100_000
    [file] = take(lines_of(tmp_path / "long-air.json", records), tau_bench, max_bad_share=1.0).files
    assert (file.attempts, file.malformed) == (2, 1)
    assert file.first_malformed == ["2: misfit: item is a text of 100004 characters, not a name"]


@pytest.mark.parametrize("first", [2**64 + 1, 2**53 + 1, 10**30])
def test_items_whose_names_are_numbers_stay_apart(take, ask, tau_bench, lines_of, tmp_path, first):
    records = [conversation(first + n, 0) for n in range(3)]
    take(lines_of(tmp_path / "model-air.json", records), tau_bench)
    assert ask("SELECT item_id FROM items ORDER BY 1") == [(f"air-{first + n}",) for n in range(3)]


def test_a_name_that_is_a_fraction_keeps_its_digits(take, ask, tau_bench, tmp_path):
    lines = [json.dumps(conversation(n, 0)) for n in range(3)]
    texts = ["1.10", "1.1", "1e2"]
    path = tmp_path / "model-air.json"
    path.write_text(
        "\n".join(
            line.replace(f'"task_id": {n}', f'"task_id": {text}')
            for n, (line, text) in enumerate(zip(lines, texts, strict=True))
        )
    )
    take(path, tau_bench)
    names = {name for (name,) in ask("SELECT item_id FROM items")}
    assert names == {"air-1.1", "air-1.10", "air-1e2"}


def test_arguments_keep_integers_of_any_length(take, ask, tau_bench, lines_of, tmp_path):
    record = conversation(0, 0)
    call = record["traj"][2]["tool_calls"][0]["function"]
    call["arguments"] = {"at": 2**64 + 1, "to": -(2**70)}
    take(lines_of(tmp_path / "model-air.json", [record]), tau_bench)
    [(text,)] = ask(
        "SELECT response -> 'tool_calls' -> 0 -> 'function' ->> 'arguments' FROM turns"
        " WHERE response -> 'tool_calls' IS NOT NULL"
    )
    assert jsontext.loads(text) == {"at": 2**64 + 1, "to": -(2**70)}


@pytest.mark.parametrize("depth", [300, 1000, 10_000])
@pytest.mark.parametrize("text", [False, True], ids=["object", "text"])
def test_arguments_nested_deeply_are_counted_and_the_next_record_is_taken(
    take, tau_bench, tmp_path, depth, text
):
    deep = '{"a":' * depth + "1" + "}" * depth
    line = json.dumps(conversation(0, 0)).replace(
        json.dumps(json.dumps({"user": "u0"})), json.dumps(deep) if text else deep
    )
    path = tmp_path / "model-air.json"
    path.write_text(f"{line}\n{json.dumps(conversation(1, 0))}\n")
    [file] = take(path, tau_bench, max_bad_share=0.5).files
    if text:  # a text stays the text it was, whatever it holds
        assert (file.attempts, file.malformed) == (2, 0)
    else:
        assert (file.attempts, file.malformed) == (1, 1)
        assert file.first_malformed == ["1: too_deep: is nested too deeply: over 200 levels"]


def test_an_outcome_beyond_any_number_is_a_misfit(take, tau_bench, lines_of, tmp_path):
    records = [conversation(0, 0, 10**400), conversation(1, 0)]
    [file] = take(lines_of(tmp_path / "m-air.json", records), tau_bench, max_bad_share=1.0).files
    assert (file.attempts, file.malformed) == (1, 1)


def test_an_empty_file_says_so(take, tau_bench, tmp_path):
    path = tmp_path / "model-air.json"
    path.write_text("")
    assert take(path, tau_bench).files[0].notes == {"file": "holds no record"}


def test_records_that_the_mapping_fits_nowhere_are_told_how_to_find_one(
    take, tau_bench, lines_of, tmp_path
):
    path = lines_of(tmp_path / "a.json", [{"pot.id": n, "said": []} for n in range(2)])
    with pytest.raises(SourceError) as caught:
        take(path, tau_bench)
    assert caught.value.hint == (
        f"`forge source new {path}` guesses a mapping, or say it: source.mapping.item='{{KEY}}'"
    )


def test_the_source_that_reads_the_records_is_what_to_do(take, tau_bench, lines_of, tmp_path):
    talk = [{"from": "human", "value": "which?"}, {"from": "gpt", "value": "plum"}]
    path = lines_of(tmp_path / "a.json", [{"id": n, "conversations": talk} for n in range(2)])
    with pytest.raises(SourceError) as caught:
        take(path, tau_bench)
    assert caught.value.hint == "source=sharegpt reads such records"
