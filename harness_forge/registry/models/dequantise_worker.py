"""Child process of `fetch`: turns a GGUF file into a model folder in bf16 safetensors.

Runs in a workset's Python, so it imports nothing of harness_forge. The last
line it prints is JSON: {"parameters": …} or {"fault": …}.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")


def make(args) -> int:
    """Write the folder; return how many weights the model has."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place, file = str(Path(args.gguf).parent), Path(args.gguf).name
    tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=file)
    known = tokenizer.get_vocab()
    for token in (args.eos, args.pad):
        if token not in known:
            raise ValueError(f"its tokenizer has no token {token}")
    tokenizer.eos_token, tokenizer.pad_token = args.eos, args.pad
    tokenizer.chat_template = Path(args.template).read_text(encoding="utf-8")
    model = AutoModelForCausalLM.from_pretrained(place, gguf_file=file, dtype=torch.bfloat16)
    for config in (model.config, model.generation_config):
        config.eos_token_id, config.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
    model.save_pretrained(args.out)
    tokenizer.save_pretrained(args.out)
    _tidy(Path(args.out), args)
    return sum(weights.numel() for weights in model.parameters())


def _tidy(out: Path, args) -> None:
    """Remove from the JSON files what names the source or is wrong."""
    drop = {
        "config.json": ("_model_name_or_path",),
        "tokenizer_config.json": ("bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id",
                                  "is_local", "local_files_only", "name_or_path"),
    }  # fmt: skip
    for name, keys in drop.items():
        data = json.loads((out / name).read_text(encoding="utf-8"))
        for key in keys:
            data.pop(key, None)
        if name == "tokenizer_config.json":
            # Deletes spaces before punctuation: right for BERT, destructive here.
            data["clean_up_tokenization_spaces"] = False
            data["model_max_length"] = args.context
        (out / name).write_text(json.dumps(data, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    # The same bytes as in conf/, whatever the library wrote.
    (out / "chat_template.jinja").write_bytes(Path(args.template).read_bytes())


def main() -> None:
    """Make the folder, and print the result in one line."""
    parser = argparse.ArgumentParser()
    for flag in ("--gguf", "--out", "--template", "--eos", "--pad"):
        parser.add_argument(flag, required=True)
    parser.add_argument("--context", type=int, required=True)
    try:
        answer = {"parameters": make(parser.parse_args())}
    except Exception as error:  # one line for the user, whatever went wrong
        first = (str(error).splitlines() or [""])[0]
        answer = {"fault": f"{type(error).__name__}: {first[:200]}"}
    sys.stdout.flush()
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
