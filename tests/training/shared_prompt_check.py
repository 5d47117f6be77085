"""Child process of the tests: the plugin's forward pass against the plain one."""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

sys.path.insert(0, str(Path(__file__).parents[2] / "harness_forge/training/plugin"))
from forge_axolotl import share_prompt, shared_length

torch.manual_seed(3)
base = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
modules = ["q_proj", "v_proj", "o_proj", "down_proj"]
model = get_peft_model(
    base, LoraConfig(r=4, init_lora_weights=False, target_modules=modules, task_type="CAUSAL_LM")
)

lengths, width, prompt = [60, 48, 55, 41], 64, 24
ids = torch.randint(3, 500, (len(lengths), width))
ids[:, :prompt] = ids[0, :prompt]
labels, mask = ids.clone(), torch.ones_like(ids)
for number, length in enumerate(lengths):
    ids[number, length:] = 0
    mask[number, length:] = 0
    labels[number, : prompt + 4 + number] = -100
    labels[number, length:] = -100


def look():
    """Return loss and gradients of one batch."""
    model.zero_grad()
    items = (labels[:, 1:] != -100).sum()
    loss = model(input_ids=ids, attention_mask=mask, labels=labels, num_items_in_batch=items).loss
    loss.backward()
    grads = [weights.grad for weights in model.parameters() if weights.grad is not None]
    return loss.item(), torch.cat([grad.flatten() for grad in grads]).clone()


plain_loss, plain = look()
share_prompt(model)
shared_loss, shared = look()
answer = {
    "shared": shared_length(ids),
    "loss": abs(plain_loss - shared_loss),
    "gradient": ((plain - shared).norm() / plain.norm()).item(),
}
print(json.dumps(answer))
