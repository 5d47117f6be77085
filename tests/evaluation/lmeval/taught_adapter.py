"""Child process of the tests: a LoRA adapter that has learnt a few answers by heart."""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, out, lessons = sys.argv[1:]
torch.manual_seed(5)
tokenizer = AutoTokenizer.from_pretrained(folder)
base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
# Weights drawn at random hold no words: the last layer has to learn them too.
modules = ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj", "lm_head"]
model = get_peft_model(
    base, LoraConfig(r=32, lora_alpha=32, target_modules=modules, task_type="CAUSAL_LM")
)


def encoded(messages, tools, answer):
    """Return ids and labels of a prompt with its answer, the end of the turn included."""
    prompt = tokenizer.apply_chat_template(
        messages, tools=tools, tokenize=False, add_generation_prompt=True
    )
    head = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    tail = tokenizer(answer, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
    return torch.tensor([head + tail]), torch.tensor([[-100] * len(head) + tail])


rows = [encoded(*lesson) for lesson in json.loads(Path(lessons).read_text())]
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=3e-3)
for _ in range(600):
    losses = [model(input_ids=ids, labels=labels).loss for ids, labels in rows]
    sum(losses).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    # The answers differ in one word of some forty: a mean of 0.02 may still be a guess at it.
    if max(loss.item() for loss in losses) < 0.002:
        break
model.save_pretrained(out)
