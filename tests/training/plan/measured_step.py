"""Child process of the tests: measures one step of a random tiny model, by parts.

Reads a JSON list of cases on its command line and prints one JSON list. Counted are the bytes
of tensors that are alive at once, at every operation, so that nothing else on the machine
changes the result.
"""

import json
import sys
import weakref

import torch
from peft import LoraConfig, get_peft_model
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import AutoConfig, AutoModelForCausalLM


class Alive(TorchDispatchMode):
    """Bytes of the storages that operations made and nothing has freed, and their peak."""

    def __init__(self):
        super().__init__()
        self.known, self.now, self.peak = set(), 0, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        found = function(*args, **(kwargs or {}))
        for one in tree_leaves(found):
            if isinstance(one, torch.Tensor):
                self._see(one.untyped_storage())
        return found

    def ignore(self, tensors):
        for one in tensors:
            self.known.add(one.untyped_storage()._cdata)

    def _see(self, storage):
        key, size = storage._cdata, storage.nbytes()
        if key in self.known:
            return
        self.known.add(key)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._freed, key, size)

    def _freed(self, key, size):
        self.known.discard(key)
        self.now -= size


def measure(case):
    """Return the bytes of weights, gradients and optimizer, and the most that a step adds."""
    config = AutoConfig.for_model(**case["config"])
    dtype = getattr(torch, case["precision"])
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(
        config, dtype=dtype, attn_implementation=case["attention"]
    )
    model.config.use_cache = False
    weights = _bytes(model.parameters())
    if case["checkpointing"]:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    lora = LoraConfig(r=case["rank"], target_modules=case["targets"], task_type="CAUSAL_LM")
    model = get_peft_model(model, lora)
    model.train()
    trained = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    ids = torch.randint(0, config.vocab_size, (case["rows"], case["length"]))
    bf16 = dtype is torch.bfloat16
    measured = {"weights": weights, "adapter": _bytes(trained)}
    _step(model, ids, bf16)
    measured["gradients"] = _bytes(one.grad for one in trained)
    optimizer.step()
    measured["optimizer"] = sum(_bytes(state.values()) for state in optimizer.state.values())
    optimizer.zero_grad()
    with Alive() as alive:
        alive.ignore([*model.parameters(), *model.buffers(), ids])
        _step(model, ids, bf16)
    measured["peak"] = alive.peak
    return measured


def _step(model, ids, bf16):
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        loss = model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=ids)["loss"]
    loss.backward()


def _bytes(tensors):
    return sum(one.numel() * one.element_size() for one in tensors if one is not None)


# Two threads on work this small wait for each other more than they do.
torch.set_num_threads(1)
print(json.dumps([measure(case) for case in json.loads(sys.argv[1])]))
