"""A base model and adapters on disk, and a model that answers without weights."""

import json
import struct
import threading

from harness_forge.config.model import ModelConfig
from harness_forge.registry.adapters.package import package
from harness_forge.rollouts.policies.endpoint import Completion

FACTS = {
    "title": "A small model",
    "licence": "MIT",
    "dataset": {"name": "d", "rows": 3, "digest": "d" * 64, "licences": ["ours: CC0"]},
    "train": {"adapter": "lora", "rank": 2, "alpha": 4, "hardware": "cpu", "precision": "float32"},
    "audit": {"rows": 3, "tokens": 30, "trained": 9},
    "measured": {"steps": 5, "seconds": 2.0, "first_loss": 2.0, "last_loss": 1.0},
}


def base_model(folder, weights=b"weights"):
    """Write a model folder and return its config."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    (folder / "model.safetensors").write_bytes(weights)
    return ModelConfig(name="small", path=str(folder))


def adapter(home, name, base_digest, weight=0.25, splits=("train",), **more):
    """Package an adapter into the registry of `home`; another weight is another one.

    `more` goes into its lineage.
    """
    source = home / f"trained-{weight}"
    source.mkdir(parents=True, exist_ok=True)
    (source / "adapter_config.json").write_text(json.dumps({"target_modules": ["q"], "r": 2}))
    raw = struct.pack("<4f", 0.5, 0.5, 0.0, weight)
    head = json.dumps(
        {
            name: {"dtype": "F32", "shape": [2], "data_offsets": [at, at + 8]}
            for name, at in (("a.lora_A.weight", 0), ("a.lora_B.weight", 8))
        }
    ).encode()
    (source / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + raw)
    base = {"name": "small", "title": "A small model", "licence": "MIT", "digest": base_digest}
    facts = {**FACTS, "key": str(weight), "base": base}
    facts["dataset"] = {**FACTS["dataset"], "splits": list(splits)}
    return package(source, name, home / "adapters", facts | more)


class Parrot:
    """Answers what `say` makes of the question; keeps what it was asked."""

    def __init__(self, config, say):
        self.model, self.config, self._say = config.model, config, say
        self.asked, self.closed, self._lock = [], False, threading.Lock()

    def complete(self, messages, tools, sampling):
        with self._lock:
            self.asked.append((messages, sampling))
        call = {"name": "apply_fix", "arguments": {"fix_script": self._say(messages)}}
        text = f"<tool_call>{json.dumps(call)}</tool_call>"
        message = {"role": "assistant", "content": text}
        return Completion(message, "stop", self.model, 50, 9, 0.1)

    def close(self):
        self.closed = True
