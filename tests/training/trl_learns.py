"""Child process of a test: trains a step with TRL and prints what it learned of a conversation."""

import json
import sys
from pathlib import Path

from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

model, template, data, out = sys.argv[1:5]
tokenizer = AutoTokenizer.from_pretrained(model)
tokenizer.chat_template = Path(template).read_text()


def parsed(row):
    """Return a line with its tools as a list, as TRL hands them to the template."""
    return {"tools": json.loads(row["tools"])}


rows = load_dataset("json", data_files=data, split="train", cache_dir=out)
trainer = SFTTrainer(
    AutoModelForCausalLM.from_pretrained(model),
    SFTConfig(
        out, assistant_only_loss=True, max_steps=1, max_length=None, use_cpu=True, bf16=False,
        per_device_train_batch_size=2, report_to=[], save_strategy="no", packing=False,
    ),
    train_dataset=rows.select_columns(["messages", "tools"]),
    processing_class=tokenizer,
)  # fmt: skip
trainer.train()
batch = trainer.data_collator([trainer.train_dataset[0]])
learned = batch["labels"][0]
print(json.dumps({
    "learned": tokenizer.decode([token for token in learned.tolist() if token != -100]),
    "steps": trainer.state.global_step,
}))  # fmt: skip
