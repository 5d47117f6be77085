"""What vLLM's worker loads on a CPU: a row without an adapter gets nothing of one."""

import subprocess
from pathlib import Path

import pytest

from harness_forge.core.errors import WorksetError
from harness_forge.serving.vllm_command import PLUGINS
from harness_forge.worksets.worksets import environment_of, python_of

HOME = Path(__file__).parents[2] / ".forge"
CODE = """
import torch
from vllm.lora.ops.torch_ops import lora_ops
from vllm.lora.punica_wrapper import punica_cpu
slots, rows = torch.ones(2, 1, 4, 8), torch.ones(3, 8)
def sums():
    for shrink in (lora_ops.bgmv_shrink, punica_cpu.bgmv_shrink):
        out = torch.zeros(3, 4)
        shrink(rows, slots, out, torch.tensor([0, -1, 1]), 1.0)
        print([row.sum().item() for row in out])
    out = torch.zeros(3, 4)
    lengths = torch.tensor([2, 1])
    lora_ops.sgmv_shrink(rows, slots, out, None, lengths, torch.tensor([-1, 0]), 2, 2, 3, 1.0)
    print([row.sum().item() for row in out])
sums()
import forge_vllm_worker
sums()
"""
# The fault that it is for; once vLLM has none, the extension can go.
AS_IT_IS = [[32.0, 32.0, 32.0]] * 3
MASKED = [[32.0, 0.0, 32.0]] * 2 + [[0.0, 0.0, 32.0]]


@pytest.mark.workset
def test_a_row_without_an_adapter_stays_zero():
    try:
        python, variables = python_of("serve", HOME), environment_of("serve", HOME)
    except WorksetError as error:
        pytest.skip(f"{error.where} {error.what}")
    variables |= {"PYTHONPATH": str(PLUGINS), "VLLM_LOGGING_LEVEL": "ERROR"}
    command = [python, "-c", CODE]
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [eval(line) for line in done.stdout.splitlines()] == AS_IT_IS + MASKED
