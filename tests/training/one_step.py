"""Child process of the tests: loads and trains one step on a file of each format, in turn.

Reads a JSON file of Axolotl configs by name; prints the name of each before it begins with it
and a line of JSON after. One process for all, because Axolotl takes longer to start than to
train this.
"""

import json
import os
import sys
import time
from pathlib import Path


def step(settings):
    """Train one step; return what the trainer was given, in words."""
    from axolotl.cli.config import load_cfg
    from axolotl.common.datasets import load_datasets, load_preference_datasets
    from axolotl.loaders import load_tokenizer
    from axolotl.train import train
    from axolotl.utils.dict import DictDefault

    cfg = load_cfg(DictDefault(settings))
    meta = (load_preference_datasets if cfg.rl else load_datasets)(cfg=cfg)
    tokenizer = load_tokenizer(cfg)
    _, _, trainer = train(cfg=cfg, dataset_meta=meta)
    row = trainer.train_dataset[0]
    told = {"rows": len(trainer.train_dataset), "steps": trainer.state.global_step}
    if "labels" in row:
        trained = [place for place, token in enumerate(row["labels"]) if token != -100]
        told["trained"] = tokenizer.decode([row["labels"][place] for place in trained])
        told["shown"] = tokenizer.decode(row["input_ids"][: trained[0]])
    if isinstance(row.get("prompt"), str):
        told["prompt"] = row["prompt"]
    for name in ("prompt_ids", "completion_ids", "chosen_ids", "rejected_ids"):
        if name in row:
            told[name.removesuffix("_ids")] = tokenizer.decode(row[name])
    if "reference" in row:
        told["reference"] = row["reference"]
    return told


def main():
    """Train on each, in turn."""
    os.environ["OMP_NUM_THREADS"] = "1"
    for name, settings in json.loads(Path(sys.argv[1]).read_text()).items():
        print("\n" + json.dumps({"begins": name}), flush=True)
        began = time.monotonic()
        told = step(settings)
        told["seconds"] = round(time.monotonic() - began, 1)
        print("\n" + json.dumps({"name": name, **told}), flush=True)


# Axolotl saves what it prepared from processes that import this file anew: without the guard
# each of them would train as well, and the first wait for them for ever.
if __name__ == "__main__":
    main()
