"""Child process in the train workset: llama.cpp's converter of a base model, tokenizer kept.

For a Llama model with a byte-level BPE tokenizer (SmolLM2), the converter can assume
SentencePiece, and then blanks and line ends are split wrongly. tokenizer.json says which it is.
Arguments: the converters' folder, the pre-tokenizer's name ('' lets the converter find it), and
those of the converter.
"""

import json
import runpy
import sys
from pathlib import Path

scripts, pre, model = sys.argv[1:4]
sys.path[:0] = [scripts, f"{scripts}/gguf-py"]

from conversion import base, llama  # noqa: E402

tokenizer = json.loads((Path(model) / "tokenizer.json").read_text(encoding="utf-8"))
cuts = tokenizer.get("pre_tokenizer") or {}
steps = cuts.get("pretokenizers", [cuts])
if tokenizer["model"]["type"] == "BPE" and any(one.get("type") == "ByteLevel" for one in steps):
    llama.LlamaModel.set_vocab = base.TextModel._set_vocab_gpt2
# A single byte-level step with its own pattern is GPT-2's; the converter checks the vocabulary too.
if len(steps) == 1 and steps[0].get("type") == "ByteLevel" and steps[0].get("use_regex", True):
    pre = pre or "gpt-2"
if pre:
    base.TextModel.get_vocab_base_pre = lambda self, tokenizer: pre
sys.argv = ["convert_hf_to_gguf.py", *sys.argv[3:]]
runpy.run_path(f"{scripts}/convert_hf_to_gguf.py", run_name="__main__")
