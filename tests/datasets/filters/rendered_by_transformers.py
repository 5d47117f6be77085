"""Child process of a test: renders conversations with transformers, one JSON text a line."""

import json
import sys
from pathlib import Path

from transformers import PreTrainedTokenizerFast

asked = json.loads(Path(sys.argv[1]).read_text())
tokenizer = PreTrainedTokenizerFast(tokenizer_file=asked["tokenizer"], eos_token="<|im_end|>")
tokenizer.chat_template = asked["template"]
for messages, tools in asked["rows"]:
    text = tokenizer.apply_chat_template(messages, tools=tools or None, tokenize=False)
    print(json.dumps([text, len(tokenizer(text, add_special_tokens=False)["input_ids"])]))
