"""Workers of a Ray cluster share a training as processes of one machine do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from other_trainings import changed, losses

from harness_forge.config.train import Hardware, Precision, TrainConfig
from harness_forge.core.errors import TrainError
from harness_forge.training import launch, supervised
from harness_forge.worksets import hardware


@pytest.mark.workset
@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_two_workers_of_a_cluster_learn_what_one_process_learns(config):
    plain = {"epochs": 4, "precision": Precision.float32}
    one = supervised.train(changed(config, "alone", micro_batch=8, **plain))
    two = supervised.train(
        changed(config, "on-ray", micro_batch=4, processes=2, ray="local", **plain)
    )
    assert two.adapter.lineage["train"]["processes"] == 2
    # Axolotl's own way to Ray would make eight steps of these four.
    assert two.adapter.lineage["measured"]["steps"] == one.adapter.lineage["measured"]["steps"] == 4
    assert losses(two) == pytest.approx(losses(one), abs=2e-5)


@pytest.mark.workset
@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_cluster_that_is_not_there_is_told(config):
    far = changed(config, "far", micro_batch=4, epochs=5, processes=2, ray="127.0.0.1:1")
    with pytest.raises(
        TrainError, match=r"no Ray cluster answers at 127\.0\.0\.1:1: Connection refused"
    ):
        supervised.train(far)


def test_how_many_workers_train_must_be_said():
    with pytest.raises(TrainError, match=r"a Ray cluster .auto. may be more than this machine"):
        hardware.settle(TrainConfig(ray="auto"))


def test_a_machine_without_a_gpu_starts_what_machines_with_gpus_do(monkeypatch):
    monkeypatch.setattr(hardware, "has_nvidia", lambda: False)
    asked = TrainConfig(ray="10.0.0.7:6379", hardware=Hardware.cuda, processes=16)
    assert hardware.settle(asked).processes == 16
    with pytest.raises(TrainError, match="there is no NVIDIA driver"):
        hardware.settle(replace(asked, ray="local"))


@pytest.mark.parametrize("gpu", [True, False])
def test_workers_get_what_forge_sets_and_no_secret(tmp_path, monkeypatch, gpu):
    seen = {}
    monkeypatch.setattr(
        launch, "_run", lambda command, folder, log, variables, *rest: seen.update(locals())
    )
    variables = launch.environment(
        {"HF_TOKEN": "hf_x", "FORGE_STORE_URL": "postgresql://a:b@c/d", "HF_HUB_OFFLINE": "1",
         "HOME": "/root"},
        threads=2, metrics=tmp_path / "metrics.jsonl", shared_prompt=True, gpu=gpu,
    )  # fmt: skip
    metrics = tmp_path / "metrics.jsonl"
    launch.train(
        tmp_path / "axolotl.yaml", tmp_path / "log", variables,
        metrics=metrics, show=print, gpu=gpu, processes=4, ray="auto",
    )  # fmt: skip
    command = list(map(str, seen["command"]))
    assert command[3:8] == ["axolotl.yaml", "--address", "auto", "--processes", "4"]
    assert ("--gpu" in command) is gpu
    carried = command[command.index("--carry") + 1 :]
    assert {"HF_HUB_OFFLINE", "FORGE_METRICS", "OMP_NUM_THREADS", "PYTHONPATH"} <= set(carried)
    assert not {"HF_TOKEN", "FORGE_STORE_URL", "HOME", "PATH"} & set(carried)
    assert ("ACCELERATE_USE_CPU" in carried) is not gpu
    assert "RAY_AUTH_TOKEN" not in seen["variables"]
