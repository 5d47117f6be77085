"""Merges adapters by PEFT's own `add_weighted_adapter`, a layer at a time.

Runs in the train workset's Python, so it imports nothing of harness_forge. PEFT merges adapters
that sit on a model. Each layer's adapters are put on a layer of that shape whose own weights are
never read, so the base model is not needed, and memory is that of one layer.

Reads a job as JSON from standard input:
    adapters: of each file, rank and alpha.
    weights, method, density, rank, seed: as `MergeConfig` has them.
    out: file of the merged tensors.
Prints one line of JSON: rank, and distance, how far the merged change of all layers is from the
weighted sum of the adapters' changes, as a share of that sum (Frobenius norm).
"""

from __future__ import annotations

import json
import sys
from math import sqrt

import torch
from peft import LoraConfig, get_peft_model
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn.utils import skip_init

A, B = ".lora_A.weight", ".lora_B.weight"


class Layer(torch.nn.Module):
    """One linear layer whose weights are not set."""

    def __init__(self, matrices):
        super().__init__()
        shape = matrices[0].shape[1], matrices[1].shape[0]
        self.only = skip_init(torch.nn.Linear, *shape, bias=False)


def main() -> None:
    """Merge the adapters of the job."""
    job = json.load(sys.stdin)
    torch.manual_seed(job.get("seed", 0))
    print(json.dumps(merged(job)))


def merged(job):
    """Write the merged tensors, and return their rank and distance."""
    files = [safe_open(one["file"], "pt") for one in job["adapters"]]
    modules = sorted(name.removesuffix(A) for name in files[0].keys() if name.endswith(A))  # noqa: SIM118
    kept, off, whole = {}, 0.0, 0.0
    for module in modules:
        parts = [
            [file.get_tensor(module + part).float() * sqrt(one["alpha"] / one["rank"])
             for part in (A, B)]
            for file, one in zip(files, job["adapters"], strict=True)
        ]  # fmt: skip
        merged = merge(parts, job)
        wanted = [(weight, *pair) for weight, pair in zip(job["weights"], parts, strict=True)]
        off += squared([(1.0, *merged), *((-scale, *pair) for scale, *pair in wanted)])
        whole += squared(wanted)
        kept |= {module + A: merged[0], module + B: merged[1]}
    save_file(kept, job["out"])
    rank = kept[modules[0] + A].shape[0]
    return {"rank": rank, "distance": sqrt(off / whole) if whole else 0.0}


def merge(parts, job):
    """Return matrices A and B of one layer of the merged adapter, whose scale is 1.

    The scale of each adapter is in its matrices already: PEFT 0.20 counts it twice where it
    works on the products (its svd methods).
    """
    names = [str(number) for number in range(len(parts))]
    forms = [
        LoraConfig(r=one["rank"], lora_alpha=one["rank"], target_modules=["only"])
        for one in job["adapters"]
    ]
    model = get_peft_model(Layer(parts[0]), forms[0], adapter_name=names[0])
    for name, form in zip(names[1:], forms[1:], strict=True):
        model.add_adapter(name, form)
    layer = model.base_model.model.only
    for name, (first, second) in zip(names, parts, strict=True):
        layer.lora_A[name].weight.data = first
        layer.lora_B[name].weight.data = second
    more = {"density": job.get("density")}
    if job["method"].endswith("svd"):
        # Otherwise a square matrix of the layer's whole width is computed and thrown away.
        more |= {"svd_rank": job.get("rank"), "svd_full_matrices": False}
    model.add_weighted_adapter(names, job["weights"], "merged", job["method"], **more)
    found = layer.lora_A["merged"].weight.data, layer.lora_B["merged"].weight.data
    return [one.contiguous().clone() for one in found]


def squared(terms) -> float:
    """Return the squared norm of a sum of scale times B times A, without making that matrix."""
    first = torch.cat([scale * a.double() for scale, a, _ in terms])
    second = torch.cat([b.double() for _, _, b in terms], dim=1)
    return max(0.0, float(((second.T @ second) * (first @ first.T)).sum()))


if __name__ == "__main__":
    main()
