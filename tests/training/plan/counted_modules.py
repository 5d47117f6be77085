"""Child process of the tests: counts the weights of architectures as transformers builds them.

Reads a JSON object of configs and prints, for each, its weights and those of its linear
layers. The models are built without storage, on the device `meta`.
"""

import json
import sys

import torch
from transformers import AutoConfig, AutoModelForCausalLM


def counted(values):
    """Return the weights of a model, and of each name of linear layers."""
    config = AutoConfig.for_model(**values)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    linear = {}
    for name, module in model.named_modules():
        last = name.rpartition(".")[2]
        if isinstance(module, torch.nn.Linear) and last != "lm_head":
            linear[last] = linear.get(last, 0) + module.weight.numel()
    return {"weights": sum(one.numel() for one in model.parameters()), "linear": linear}


print(json.dumps({name: counted(one) for name, one in json.loads(sys.argv[1]).items()}))
