"""Each kind of fault, planted in a dataset that is sound without it, fails its own check."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
from written_dataset import HELD, QUESTION, WrittenDataset

from harness_forge.cli import main
from harness_forge.core.errors import ExportError
from harness_forge.datasets.audit.audit import audit
from harness_forge.datasets.audit.dataset import Dataset


@pytest.fixture
def dataset(tmp_path):
    return WrittenDataset(tmp_path / "data")


def broken(dataset, **settings):
    """Return the names of the checks that fail."""
    return [one.name for one in audit(dataset.write(), **settings) if not one.holds]


def say(line, text, place=-1):
    line["messages"][place]["content"] = text


def test_a_sound_dataset_holds(dataset):
    assert broken(dataset) == []


def test_a_changed_byte(dataset):
    path = dataset.write()
    data = (path / "train.jsonl").read_bytes()
    (path / "train.jsonl").write_bytes(data.replace(b"option 1", b"option 7"))
    assert [one.name for one in audit(path) if not one.holds] == ["hashes"]


def test_a_missing_file_and_one_too_many(dataset):
    path = dataset.write()
    (path / "ledger.jsonl").rename(path / "ledger.old")
    told = {one.name: one.detail for one in audit(path) if not one.holds}
    assert told["hashes"] == "ledger.jsonl is missing; ledger.old is in no manifest"


def test_rows_that_do_not_add_up(dataset):
    dataset.manifest["rows"] = {"read": 9, "kept": 6, "rejected": {"not_passed": 1}}
    assert broken(dataset) == ["counts", "ledger"]


def test_examples_that_are_not_there(dataset):
    dataset.manifest["examples"] = {"train": 5, "validation": 2}
    assert broken(dataset) == ["counts"]


def test_a_row_twice_in_the_ledger(dataset):
    dataset.ledger.append(deepcopy(dataset.ledger[0]))
    assert broken(dataset) == ["ledger"]


def test_a_row_neither_kept_nor_rejected(dataset):
    dataset.ledger[0] = {"source": "stig.turns:900", "kept": False}
    dataset.manifest["rows"] = {"read": 7, "kept": 6, "rejected": {"not_passed": 1}}
    assert broken(dataset) == ["ledger"]


def test_reasons_that_the_ledger_does_not_give(dataset):
    dataset.manifest["rows"] = {"read": 7, "kept": 6, "rejected": {"held_out": 1}}
    assert broken(dataset) == ["ledger"]


def test_a_line_without_a_row(dataset):
    dataset.lines["train"].append(deepcopy(dataset.lines["train"][0]) | {"id": "0" * 32})
    say(dataset.lines["train"][-1], "words that no other line has")
    assert broken(dataset) == ["sources"]


def test_a_line_of_another_row_than_the_ledger_says(dataset):
    dataset.lines["train"][0]["source"] = "stig.turns:77"
    assert broken(dataset) == ["sources"]


def test_a_row_whose_line_is_not_there(dataset):
    dataset.lines["validation"].pop()
    assert broken(dataset) == ["sources"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.pop("policy"),
        lambda line: line.update(family=None),
        lambda line: line.update(extra=None),
        lambda line: line.update(tools=[]),
        lambda line: line["messages"].pop(),
        lambda line: say(line, ""),
        lambda line: line["messages"][-1].update(tool_calls=[{"function": {"name": "f"}}]),
    ],
)
def test_a_line_of_the_wrong_shape(dataset, spoil):
    spoil(dataset.lines["train"][1])
    assert broken(dataset) == ["schema"]


def test_a_line_twice(dataset):
    line = deepcopy(dataset.lines["train"][0]) | {"source": "stig.turns:55"}
    dataset.lines["train"].append(line)
    entry = {"source": "stig.turns:55", "kept": True, "file": "train.jsonl", "lines": [5]}
    dataset.ledger.append(entry)
    assert broken(dataset) == ["repeats"]


def test_an_item_on_both_sides(dataset):
    dataset.lines["validation"][0]["item_id"] = "rule_0"
    assert broken(dataset) == ["splits"]


def test_a_line_in_the_wrong_file(dataset):
    dataset.lines["validation"][0]["split"] = "train"
    assert broken(dataset) == ["splits"]


def test_general_data_is_of_no_item_and_only_trained_on(dataset):
    dataset.manifest["mix_in"] = {"share": 0.2}
    dataset.lines["train"][0]["item_id"] = ""
    assert broken(dataset) == []


def test_general_data_in_validation(dataset):
    dataset.manifest["mix_in"] = {"share": 0.2}
    dataset.lines["validation"][0]["item_id"] = ""
    assert broken(dataset) == ["splits"]


def test_a_line_of_no_item(dataset):
    dataset.lines["train"][0]["item_id"] = ""
    assert broken(dataset) == ["splits"]


def test_a_group_on_both_sides(dataset):
    dataset.items[0]["group"] = dataset.items[-1]["group"] = "twins"
    assert broken(dataset) == ["splits"]


def test_the_same_prompt_on_both_sides(dataset):
    say(dataset.lines["validation"][0], dataset.lines["train"][0]["messages"][1]["content"], 1)
    assert broken(dataset) == ["near-identical prompts"]


def test_nearly_the_same_prompt_on_both_sides(dataset):
    long = " ".join(f"word{number}" for number in range(200))
    say(dataset.lines["train"][0], long, 1)
    say(dataset.lines["validation"][0], long.replace("word77", "other"), 1)
    assert broken(dataset) == ["near-identical prompts"]


def test_an_answer_to_learn_and_to_unlearn(dataset):
    dataset.form = "kto"
    for lines in dataset.lines.values():
        for line in lines:
            *prompt, answer = line.pop("messages")
            line.update(prompt=prompt, completion=[answer], label=True)
    line = deepcopy(dataset.lines["train"][0]) | {"label": False, "source": "stig.turns:55"}
    dataset.lines["train"].append(line | {"id": "f" * 32})
    entry = {"source": "stig.turns:55", "kept": True, "file": "train.jsonl", "lines": [5]}
    dataset.ledger.append(entry)
    assert broken(dataset) == ["contradictions"]


def test_a_held_out_item(dataset):
    for line in dataset.lines["train"][0], dataset.items[0]:
        line["item_id"] = HELD
    assert broken(dataset) == ["holdout"]


def test_words_of_a_held_out_item(dataset):
    say(dataset.lines["train"][0], f"As was asked: {QUESTION.upper()}", 1)
    assert broken(dataset) == ["holdout"]


def test_the_name_of_a_held_out_item_in_an_answer(dataset):
    say(dataset.lines["train"][0], f"do as for {HELD}")
    assert broken(dataset) == ["holdout"]


def test_a_list_of_what_is_held_out_that_was_shortened(dataset):
    dataset.held.pop()
    assert broken(dataset) == ["holdout"]


def test_a_manifest_that_does_not_say_what_is_held_out(dataset):
    dataset.manifest["held_out"] = None
    assert broken(dataset) == ["holdout"]


def test_a_secret(dataset):
    say(dataset.lines["train"][0], "export AWS_ACCESS_KEY_ID=AKIAQ3EGRVYB7DNK2W5P")
    assert broken(dataset) == ["secrets"]


def test_a_secret_that_is_a_key_of_arguments(dataset):
    function = {"name": "fix", "arguments": json.dumps({"AKIAQ3EGRVYB7DNK2W5P": "on"})}
    answer = dataset.lines["train"][0]["messages"][-1]
    answer["tool_calls"] = [{"type": "function", "function": function}]
    assert "secrets" in broken(dataset)


def test_a_canary(dataset):
    say(dataset.lines["train"][0], "tell wintermute")
    assert broken(dataset, canaries=["wintermute", "neuromancer"]) == ["canaries"]


def test_a_canary_in_the_ledger(dataset):
    dataset.ledger[0]["source"] = "wintermute:1"
    assert broken(dataset, canaries=["wintermute"]) == ["canaries"]


def test_a_line_that_is_no_json(dataset):
    path = dataset.write()
    with (path / "train.jsonl").open("a") as file:
        file.write("{broken\n")
    names = [one.name for one in audit(path) if not one.holds]
    assert names == ["hashes", "counts", "schema"]


def test_no_dataset(tmp_path):
    with pytest.raises(ExportError, match="is no dataset"):
        audit(tmp_path)


def test_the_command_prints_a_line_for_each_check_and_ends_in_its_own_code(dataset, capsys):
    path = dataset.write()
    assert main(["audit", str(path)]) == 0
    assert "11 checks hold" in capsys.readouterr().out
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["files"]["train.jsonl"]["sha256"] = "0" * 64
    (path / "manifest.json").write_text(json.dumps(manifest))
    assert main(["audit", str(path)]) == 17
    out = capsys.readouterr().out
    assert "  FAIL  hashes                  train.jsonl is not the file that was written" in out
    assert "  1 of 11 checks fail" in out


def test_in_short_a_dataset_that_holds_is_one_line_and_a_fault_is_told_whole(dataset, capsys):
    path = dataset.write()
    assert main(["audit", "--brief", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 11 checks hold\n"
    (path / "train.jsonl").write_text("")
    assert main(["audit", "--brief", str(path)]) == 17
    assert "  FAIL  hashes " in capsys.readouterr().out


def test_the_command_takes_no_settings(dataset, capsys):
    assert main(["audit", "skill=stig"]) == 2
    assert main(["audit"]) == 2


def marked(dataset, weight):
    """Give a line an answer before the last one, with a weight or, for None, without."""
    line = dataset.lines["train"][0]
    more = [{"role": "assistant", "content": "which one?"}, {"role": "user", "content": "this"}]
    if weight is not None:
        more[0]["weight"] = weight
    line["messages"][2:2] = more
    return line


def test_an_earlier_answer_that_is_context_holds(dataset):
    marked(dataset, 0)
    assert broken(dataset) == []


def test_an_earlier_answer_that_would_be_learned_without_a_row_of_the_ledger(dataset):
    marked(dataset, None)
    told = {one.name: one.detail for one in audit(dataset.write()) if not one.holds}
    said = "train.jsonl line 1 teaches 2 turns and is of 1 rows of the ledger"
    assert told == {"sources": said}


def test_a_turn_that_two_lines_teach(dataset):
    line, other = marked(dataset, 1), dataset.lines["train"][1]
    other["messages"] = line["messages"][:3]
    dataset.ledger.append(
        {"source": "stig.turns:55", "kept": True, "file": "train.jsonl", "lines": [1]}
    )
    told = {one.name: one.detail for one in audit(dataset.write()) if not one.holds}
    said = "train.jsonl line 2 teaches a turn that train.jsonl line 1 teaches"
    assert told["repeats"] == said


@pytest.mark.parametrize("weight", [2, "0", 0.5], ids=repr)
def test_a_mark_that_no_trainer_knows(dataset, weight):
    marked(dataset, weight)
    assert "schema" in broken(dataset)


@pytest.mark.parametrize(
    ("name", "what", "hint"),
    [
        ("datset", "does not exist", "did you mean '{}/dataset'?"),
        ("dataset/train.jsonl", "is a file, not a dataset", "give its folder: {}/dataset"),
        (".", "is no dataset: it has no manifest.json", "name the folder"),
    ],
)
def test_what_is_no_dataset_says_which_way(tmp_path, name, what, hint):
    WrittenDataset(tmp_path / "dataset").write()
    with pytest.raises(ExportError, match=what) as caught:
        Dataset.of(tmp_path / name)
    assert hint.format(tmp_path) in str(caught.value)
