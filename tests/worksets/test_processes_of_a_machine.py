"""How many processes a training has on a machine: one a GPU, one on a CPU, or what is asked for."""

import pytest

from harness_forge.config.train import Hardware, TrainConfig
from harness_forge.core.errors import TrainError
from harness_forge.worksets import hardware


def settled(**settings):
    return hardware.settle(TrainConfig(**settings)).processes


@pytest.fixture
def four_gpus(monkeypatch):
    monkeypatch.setattr(hardware, "has_nvidia", lambda: True)
    monkeypatch.setattr(hardware, "nvidia_says", lambda fields: ["0", "1", "2", "3"])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_a_cpu_has_one_unless_more_are_asked_for():
    assert settled(hardware=Hardware.cpu) == 1
    assert settled(hardware=Hardware.cpu, processes=2) == 2


def test_every_gpu_that_is_shown_has_one(four_gpus, monkeypatch):
    assert settled() == 4
    assert settled(processes=2) == 2
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    assert settled() == 2


def test_more_processes_than_gpus_are_refused(four_gpus):
    with pytest.raises(TrainError, match=r"8 processes need as many GPUs; there are 4"):
        settled(processes=8)
