"""A real vLLM with the tiny model for all tests of a session, and one that only speaks like it."""

import json
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from loop_files import LINEAGE, safetensors
from tiny_parts import tiny  # noqa: F401

from harness_forge.config.compose.engine import compose
from harness_forge.core.errors import WorksetError
from harness_forge.registry.adapters.package import package
from harness_forge.registry.models.folder import find_base_model
from harness_forge.serving import server_plan, server_run
from harness_forge.worksets.worksets import STAMP, python_of

ROOT = Path(__file__).parents[2]
FAKE = Path(__file__).with_name("fake_vllm.py")


@pytest.fixture(scope="session")
def tiny_server(tiny, tmp_path_factory):  # noqa: F811
    """A real vLLM with the tiny base, a live adapter `tiny` and a dead one `zero`."""
    try:
        python_of("serve", Path(tiny.config.forge_home))
    except WorksetError as error:
        pytest.skip(f"{error.where} {error.what}")
    plan = server_plan.plan(tiny.config, ["tiny"])
    zero = replace(plan.adapters[0], name="zero", folder=tiny.raw / "zero")
    plan = server_plan.settled(tiny.config, plan.config, plan.base, [*plan.adapters, zero])
    started = time.monotonic()
    with server_run.running(tiny.config, plan) as server:
        print(f"vLLM answered after {time.monotonic() - started:.0f} s")
        yield plan, server


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A project whose serve workset holds the fake; returns its config's overrides."""
    monkeypatch.chdir(tmp_path)
    home, model = tmp_path / "home", tmp_path / "model"
    bin_ = home / "worksets" / "serve" / "bin"
    bin_.mkdir(parents=True)
    (bin_ / "python").write_text(f'#!/bin/sh\nshift 2\nexec {sys.executable} {FAKE} "$@"\n')
    (bin_ / "python").chmod(0o755)
    stamp = {"variant": "cpu", "environment": {"DO_NOT_TRACK": "1"}}
    (home / "worksets" / "serve" / STAMP).write_text(json.dumps(stamp))
    model.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (model / name).write_text("{}")
    (model / "model.safetensors").write_bytes(b"")
    (model / "chat_template.jinja").write_text("{{ messages }}")
    overrides = ["model=local", f"model.path={model}", f"forge_home={home}", "serve.port=0"]
    _adapter(compose(None, overrides), tmp_path)
    return overrides


def _adapter(config, tmp_path):
    """Package an adapter `mine` of rank 20 for that model."""
    base = find_base_model(config.model, Path(config.forge_home))
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "adapter_config.json").write_text(json.dumps({"target_modules": ["q"], "r": 20}))
    tensors = {"a.lora_A.weight": [0.5, 0.5], "a.lora_B.weight": [0.0, 0.25]}
    safetensors(raw / "adapter_model.safetensors", tensors)
    facts = {
        "digest": base.digest,
        "name": base.name,
        "template": sha256(base.template.encode()).hexdigest(),
    }
    lineage = LINEAGE | {"base": LINEAGE["base"] | facts}
    package(raw, "mine", Path(config.forge_home) / "adapters", lineage)
