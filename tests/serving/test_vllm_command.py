"""vLLM's command line, as a person would type it."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness_forge.config.serve import ServeConfig, ServeHardware, ServePrecision
from harness_forge.core.errors import ServeError
from harness_forge.serving.vllm_command import (
    PLUGINS,
    ServedAdapter,
    ServedModel,
    command,
    rendered,
    variables,
)

GOLDEN = Path(__file__).with_name("golden")
BASE = ServedModel("small", Path("/m/small"), 4096, Path("/m/small/chat_template.jinja"), "hermes")
FIRST = ServedAdapter("worker", Path("/a/worker-0123"), 16)
SECOND = ServedAdapter("judge", Path("/a/judge-4567"), 24)
SETTINGS = ServeConfig(arguments={"seed": "7", "enforce-eager": ""})
CPU, CUDA = ServeHardware.cpu, ServeHardware.cuda


def line(config=SETTINGS, hardware=CPU, adapters=(FIRST, SECOND)):
    words = command(config, Path("/w/serve"), hardware, BASE, adapters)
    text = rendered(words, {"DO_NOT_TRACK": "1"} | variables(config, hardware))
    return text.replace(str(PLUGINS.absolute()), "/plugin")


@pytest.mark.parametrize("hardware", [CPU, CUDA])
def test_is_as_written_down(hardware, monkeypatch):
    monkeypatch.setenv("CXX", "true")  # any program that is there: a bare machine has no g++
    assert line(hardware=hardware) + "\n" == (GOLDEN / f"{hardware.name}.txt").read_text()


@pytest.mark.parametrize(("rank", "served"), [(1, 1), (2, 8), (16, 16), (24, 32), (129, 256)])
def test_the_rank_is_raised_to_the_next_one_vllm_takes(rank, served):
    settings = replace(SETTINGS, max_lora_rank=1)
    assert f"--max-lora-rank {served} " in line(settings, adapters=[replace(FIRST, rank=rank)])


def test_later_adapters_find_room():
    said = line(replace(SETTINGS, max_lora_rank=64, slots=7))
    assert "--max-lora-rank 64 " in said
    assert "--max-loras 7 " in said


def test_a_swap_needs_one_slot_more_than_there_are_adapters():
    assert "--max-loras 3 " in line(replace(SETTINGS, slots=1))


def test_without_swaps_no_slot_stays_free():
    said = line(replace(SETTINGS, hot_swap=False))
    assert "--max-loras 2 " in said
    assert "RUNTIME_LORA" not in said


def test_the_tool_parser_can_be_chosen():
    assert "--tool-call-parser gemma4 " in line(replace(SETTINGS, tool_parser="gemma4"))


def test_a_rank_beyond_what_vllm_serves_is_refused():
    with pytest.raises(ServeError, match="has rank 600, and vLLM serves up to 512"):
        line(adapters=[replace(FIRST, rank=600)])


def test_a_base_alone_has_no_lora_flags():
    assert "lora" not in line(adapters=[])


def test_precision_by_choice():
    assert "--dtype float16" in line(replace(SETTINGS, dtype=ServePrecision.float16))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_no_other_machine_is_let_in(host):
    with pytest.raises(ServeError, match="would let other machines in"):
        line(replace(SETTINGS, host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_is(host):
    assert f"--host {host} " in line(replace(SETTINGS, host=host))


def test_more_tokens_than_the_model_has_are_refused():
    with pytest.raises(ServeError, match="5000 tokens are more than the model's 4096"):
        line(replace(SETTINGS, max_model_len=5000))


def test_two_of_one_name_are_refused():
    with pytest.raises(ServeError, match="two would answer to the name worker"):
        line(adapters=[FIRST, replace(SECOND, name="worker")])


def test_without_a_compiler_nothing_is_compiled(monkeypatch):
    plain = ServeConfig()
    assert "TORCHDYNAMO_DISABLE" not in variables(plain, CUDA)
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert line(plain).count("--enforce-eager") == line(SETTINGS).count("--enforce-eager") == 1
    assert variables(plain, CPU)["TORCHDYNAMO_DISABLE"] == "1"
    assert "--enforce-eager" not in line(plain, CUDA)
    assert "TORCHDYNAMO_DISABLE" not in variables(plain, CUDA)
