"""What is said of a dataset that cannot be trained on."""

import json

import pytest

from harness_forge.core.errors import TrainError
from harness_forge.training import dataset

CALL = {"type": "function", "function": {"name": "apply_fix", "arguments": '{"fix_script": "ls"}'}}
USER = {"role": "user", "content": "Rule: a"}
ANSWER = {"role": "assistant", "content": "", "tool_calls": [CALL]}


def write(folder, *rows):
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    (folder / "train.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


def test_counts_and_hashes(tmp_path):
    found = dataset.read(write(tmp_path, {"messages": [USER, ANSWER]}))
    assert found.rows == 1
    assert len(found.digest) == 64


def test_a_refit_takes_the_validation_rows_too_and_is_another_dataset(tmp_path):
    row = {"messages": [USER, ANSWER]}
    write(tmp_path, row)
    (tmp_path / "validation.jsonl").write_text(f"{json.dumps(row)}\n" * 2)
    plain, refit = dataset.read(tmp_path), dataset.read(tmp_path, refit=True)
    assert (plain.rows, refit.rows) == (1, 3)
    assert (plain.splits, refit.splits) == (["train"], ["train", "validation"])
    assert plain.digest != refit.digest


def test_a_refit_without_validation_rows_is_none(tmp_path):
    write(tmp_path, {"messages": [USER, ANSWER]})
    (tmp_path / "validation.jsonl").touch()
    assert dataset.read(tmp_path, refit=True) == dataset.read(tmp_path)


def test_a_wrong_validation_row_stops_a_refit_alone(tmp_path):
    write(tmp_path, {"messages": [USER, ANSWER]})
    (tmp_path / "validation.jsonl").write_text("{}\n")
    assert dataset.read(tmp_path).rows == 1
    with pytest.raises(TrainError, match=r"validation\.jsonl:1: has no messages"):
        dataset.read(tmp_path, refit=True)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{", "is not JSON"),
        ("[]", "is not an object"),
        ({"messages": []}, "has no messages"),
        ({"chosen": []}, "is a preference pair"),
        ({"messages": [ANSWER, USER]}, "ends with the user"),
        ({"messages": [USER, {"role": "assistant", "content": ""}]}, "ends with an empty answer"),
        ({"messages": [USER, {"content": "x"}]}, "has a message without a role"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, row, told):
    good = {"messages": [USER, ANSWER]}
    with pytest.raises(TrainError) as caught:
        dataset.read(write(tmp_path, good, row))
    assert str(caught.value).startswith(f"{tmp_path}/train.jsonl:2: {told}")


def test_an_empty_split_is_refused(tmp_path):
    with pytest.raises(TrainError, match="nothing to train on"):
        dataset.read(write(tmp_path))


def test_a_folder_without_dataset_is_refused(tmp_path):
    with pytest.raises(TrainError, match="holds no dataset"):
        dataset.read(tmp_path)


def test_the_datasets_that_are_beside_it_are_named(tmp_path):
    for name in ("dataset", "nightly/mine"):
        (tmp_path / name).mkdir(parents=True)
        write(tmp_path / name, {"messages": [USER, ANSWER]})
        (tmp_path / name / "manifest.json").write_text("{}")
        (tmp_path / name / "ledger.jsonl").write_text("")
    with pytest.raises(TrainError) as caught:
        dataset.read(tmp_path / "stig_worker_sft")
    assert caught.value.hint == (
        f"name one that is there: train.dataset={tmp_path}/dataset or {tmp_path}/nightly/mine;"
        " `forge export` writes one"
    )
    with pytest.raises(TrainError) as caught:  # of another kind
        dataset.read(tmp_path / "stig_worker_dpo", lambda row: "is no pair", key="dpo.dataset")
    assert caught.value.hint == "run `forge export`, or name another: dpo.dataset=DIR"


def test_a_dataset_in_another_form_of_file_is_refused(tmp_path):
    (tmp_path / "train.jsonl.gz").write_bytes(b"")
    with pytest.raises(TrainError, match=r"written as jsonl\.gz") as caught:
        dataset.read(tmp_path)
    assert "format.extension=jsonl" in caught.value.hint


def test_the_prompt_contexts_of_all_parts_are_known(tmp_path):
    write(tmp_path, {"messages": [USER, ANSWER]})
    parts = [
        {"settings": {"params": {"agent": "worker", "prompt_context": "description"}}},
        {"settings": {"params": {"agent": "reflector"}}},
    ]
    for facts, contexts in ((parts[0], ("description",)), ({"parts": parts}, ("description",))):
        (tmp_path / "manifest.json").write_text(json.dumps(facts))
        assert dataset.read(tmp_path).contexts == contexts


def test_the_same_rows_are_trained_in_one_order_whatever_order_the_lines_have(tmp_path):
    rows = [{"messages": [{"role": "user", "content": str(n)}, ANSWER]} for n in range(9)]
    files = []
    for name, lines in (("one", rows), ("other", [*rows[5:], *rows[:5]])):
        (tmp_path / name).mkdir()
        write(tmp_path / name, *lines)
        files.append(tmp_path / name / "train.jsonl")
    # The end of the last line may be lacking.
    files[1].write_bytes(files[1].read_bytes().rstrip(b"\n"))
    places = [dataset.write_ordered([file], file.with_name("rows.jsonl")) for file in files]
    written = [file.with_name("rows.jsonl").read_bytes() for file in files]
    assert written[0] == written[1]
    assert written[0] != files[0].read_bytes()
    for file, found, text in zip(files, places, written, strict=True):
        lines = file.read_bytes().splitlines()
        named = [lines[int(place.partition(":")[2]) - 1] for place in found]
        assert b"".join(line + b"\n" for line in named) == text


def test_rows_of_several_splits_become_one_file_and_keep_their_places(tmp_path):
    write(tmp_path, {"messages": [USER, ANSWER]})
    (tmp_path / "validation.jsonl").write_text(json.dumps({"messages": [ANSWER]}))
    found = dataset.read(tmp_path)
    files = (found.train, tmp_path / "validation.jsonl")
    places = dataset.write_ordered(files, tmp_path / "rows.jsonl")
    assert sorted(places) == ["train.jsonl:1", "validation.jsonl:1"]
    assert len((tmp_path / "rows.jsonl").read_bytes().splitlines()) == 2
