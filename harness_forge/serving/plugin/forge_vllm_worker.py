"""Loaded by vLLM's worker on a CPU: makes sure that a request without an adapter gets none.

vLLM 0.32 marks such a request with slot -1, which its CPU kernels take for the last
slot: in a batch with an adapter's request the base answers with that adapter. So the
marked rows are set to zero between the two matrices of a LoRA. This does no harm if
vLLM does it too (its pull request 48421).

vLLM's `--worker-extension-cls` imports this file, in its own environment.
"""

from functools import wraps

from vllm.lora.ops.torch_ops import lora_ops
from vllm.lora.punica_wrapper import punica_cpu

_shrink = lora_ops.bgmv_shrink


@wraps(_shrink)
def _masked(inputs, weights, output, indices, scaling=1.0):
    _shrink(inputs, weights, output, indices, scaling)
    rows = indices[: output.shape[0]] < 0
    output[: rows.shape[0]].masked_fill_(rows.unsqueeze(1), 0)


# `sgmv_shrink` calls the first through its module, the wrapper the second.
lora_ops.bgmv_shrink = _masked
punica_cpu.bgmv_shrink = _masked


class Worker:
    """vLLM mixes this class into its worker; it adds nothing."""
