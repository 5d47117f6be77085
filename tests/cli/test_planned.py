"""What `forge train --plan` prints."""

import json

import pytest

from harness_forge.cli import main

WORDS = ["train", "--plan", "model.shape=qwen3-14b", "gpu.card=rtx4090", "data_dir=none"]


def test_shows_parts_what_fits_and_where_the_sizes_are_from(capsys):
    assert main(WORDS) == 0
    shown = capsys.readouterr().out
    for line in (
        "Qwen3-14B: 14.8 billion weights",
        "sizes from   the config.json that LitGPT",
        "13.9 GiB  3 times 8 x 1,024 x 151,936 x 4 bytes",
        "does not fit: 127",
        "20.8 GiB  train.micro_batch=4 train.accumulate=2\n",
        "worked out, not measured",
    ):
        assert line in shown


def test_several_gpus_are_told_apart(capsys):
    assert main([*WORDS, "gpu.count=4"]) == 0
    shown = capsys.readouterr().out
    assert "4 x rtx4090, 23.6 GiB, ddp" in shown
    assert "memory of each GPU at the peak" in shown


def test_json_is_one_object(capsys):
    assert main([*WORDS, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["fits"] is False
    assert told["choices"][0]["settings"] == ["train.micro_batch=4", "train.accumulate=2"]


@pytest.mark.parametrize("word", ["--check", "dpo"])
def test_one_thing_at_a_time(word, capsys):
    assert main([*WORDS, word]) == 2
    assert f"--plan and {word} do not go together" in capsys.readouterr().err
