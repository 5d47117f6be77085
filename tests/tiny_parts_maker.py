"""Child process of the tests: a tiny base model and a folder of adapters for it."""

import json
import runpy
import shutil
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

out, template = Path(sys.argv[1]), sys.argv[2]
model, raw = out / "model", out / "raw"
sys.argv = ["tiny_model.py", str(model), template]
runpy.run_path(str(Path(__file__).parent / "training" / "tiny_model.py"))
# vLLM's attention on a CPU wants heads of 32 at least.
config = LlamaConfig.from_pretrained(model)
config.head_dim = 32
torch.manual_seed(2)
LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(model)

lora = LoraConfig(r=12, lora_alpha=24, target_modules=["q_proj", "v_proj", "up_proj", "down_proj"])
adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32), lora)
for name, weights in adapted.named_parameters():
    if "lora_B" in name:
        torch.nn.init.normal_(weights, std=0.3)
adapted.save_pretrained(raw / "live")


def variant(name, change=lambda tensors: None, **settings):
    shutil.copytree(raw / "live", raw / name)
    path = raw / name / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    tensors = load_file(raw / name / "adapter_model.safetensors")
    change(tensors)
    save_file(tensors, raw / name / "adapter_model.safetensors")


def zero(tensors):
    for name, weights in tensors.items():
        if "lora_B" in name:
            weights.zero_()


def misfit(tensors):
    name = next(name for name in sorted(tensors) if ".layers.1." in name)
    tensors[name.replace(".layers.1.", ".layers.7.")] = tensors.pop(name)
    name = next(name for name in sorted(tensors) if ".layers.0." in name)
    tensors[name] = tensors[name][:4].contiguous()


variant("zero", zero)
variant("misfit", misfit)
variant("misnamed", target_modules=["q_proj", "w_proj"])
