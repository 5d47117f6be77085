"""Merges two adapters of a tiny model by each method and prints how far the results are off.

Runs in the train workset. Reads `merge_worker.py`'s path; the logits are those of a model of two
layers with the adapters on it.
"""

import importlib.util
import json
import sys
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

WORKER = sys.argv[1]
TARGETS = ["q_proj", "v_proj"]
IDS = torch.arange(12).reshape(1, 12)
spec = importlib.util.spec_from_file_location("merge_worker", WORKER)
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)


def base():
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=40, **sizes, **heads)).eval()


def trained(place, rank, alpha, seed):
    """Save an adapter whose matrices are all random, as if it had learned."""
    form = LoraConfig(r=rank, lora_alpha=alpha, target_modules=TARGETS)
    model = get_peft_model(base(), form)
    torch.manual_seed(seed)
    for name, weights in model.named_parameters():
        if "lora_" in name:
            weights.data = torch.randn_like(weights) * 0.3
    model.save_pretrained(place)
    return {"file": str(place / "adapter_model.safetensors"), "rank": rank, "alpha": alpha}


def logits(model):
    with torch.no_grad():
        return model(input_ids=IDS).logits


def main():
    root = Path(tempfile.mkdtemp())
    adapters = [trained(root / "one", 4, 8, 2), trained(root / "two", 4, 4, 3)]
    wide = [adapters[0], trained(root / "wide", 8, 8, 4)]
    found = {}

    def run(label, parts, weights, method, **more):
        job = {"adapters": parts, "weights": weights, "method": method, "seed": 5}
        job |= {"density": 0.5, "rank": None, "out": str(root / f"{label}.safetensors"), **more}
        torch.manual_seed(job["seed"])
        done = worker.merged(job)
        place = root / label
        place.mkdir()
        (root / f"{label}.safetensors").rename(place / "adapter_model.safetensors")
        form = json.loads((root / "one" / "adapter_config.json").read_text())
        form |= {"r": done["rank"], "lora_alpha": done["rank"]}
        (place / "adapter_config.json").write_text(json.dumps(form))
        found[label] = done
        return logits(PeftModel.from_pretrained(base(), place))

    def off(one, other):
        return float((one - other).abs().max())

    plain = logits(base())
    first = logits(PeftModel.from_pretrained(base(), root / "one"))
    both = PeftModel.from_pretrained(base(), root / "one", adapter_name="one")
    both.load_adapter(root / "two", "two")
    both.base_model.set_adapter(["one", "two"])
    stacked = logits(both)
    found["moves"] = off(first, plain)
    found["alone"] = off(run("alone_", adapters[:1], [1.0], "linear"), first)
    found["half_twice"] = off(run("half_", [adapters[0]] * 2, [0.5, 0.5], "cat"), first)
    found["cat"] = off(run("cat_", adapters, [1.0, 1.0], "cat"), stacked)
    found["svd_wide"] = off(run("svd_wide_", adapters, [1.0, 1.0], "svd", rank=8), stacked)
    found["linear"] = off(run("linear_", adapters, [1.0, 1.0], "linear"), stacked)
    for method in ("svd", "ties", "ties_svd", "dare_linear", "dare_linear_svd", "dare_ties",
                   "dare_ties_svd"):  # fmt: skip
        found[method] = off(run(f"{method}_", adapters, [1.0, 1.0], method), stacked)
    again = run("again_", adapters, [1.0, 1.0], "dare_ties")
    third = run("third_", adapters, [1.0, 1.0], "dare_ties")
    found["same_seed"] = off(again, third)
    run("ranks_", wide, [1.0, 0.5], "cat")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
