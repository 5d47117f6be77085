"""Child process of the tests: what lm-eval feeds a model, against what the local policy does.

Beside the model's own tokenizer one is tried that puts a token before every
text: a rendered prompt must not get it twice, nor at all if its template has none.
"""

import json
import sys
from pathlib import Path

from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer

root, folder, prompts, work, out = (Path(word) for word in sys.argv[1:])
sys.path.insert(0, str(root / "harness_forge/policies"))
sys.path.insert(0, str(root / "harness_forge/evaluators/lmeval/task"))
from forge_lm_eval import WholeText  # noqa: E402
from local_worker import render  # noqa: E402

tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
rows = json.loads(prompts.read_text())
ours = [render(tokenizer, {"messages": m, "tools": t}) for m, t, _ in rows]
same_text = ours == [text for _, _, text in rows]

start = tokenizer.convert_tokens_to_ids("<|im_start|>")
tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
    single="<|im_start|> $A", special_tokens=[("<|im_start|>", start)]
)
tokenizer.save_pretrained(work)
assert tokenizer("x")["input_ids"][0] == start


def fed(place):
    """Return ids and masks as lm-eval makes them and as the local policy does."""
    model = WholeText(
        str(folder), tokenizer=str(place), device="cpu", dtype="float32", add_bos_token=False
    )
    theirs = [part.tolist() for part in model.tok_batch_encode(ours)]
    own = AutoTokenizer.from_pretrained(place, padding_side="left")
    mine = own(ours, return_tensors="pt", padding=True, add_special_tokens=False)
    return theirs, [mine[key].tolist() for key in ("input_ids", "attention_mask")]


answer = {"text": same_text}
for name, place in (("own", folder), ("with_start", work)):
    theirs, mine = fed(place)
    answer[name] = theirs == mine
out.write_text(json.dumps(answer))
