"""Child process of the tests: what lm-eval feeds a model, against what the local policy does.

Beside the model's own tokenizer one is tried that puts a token before every
text: a rendered prompt must not get it twice, nor at all if its template has none.
"""

import importlib.util
import json
import sys
from pathlib import Path

from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer

root, folder, prompts, work, out = (Path(word) for word in sys.argv[1:])
worker = root / "harness_forge/rollouts/policies/local_worker"
task = root / "harness_forge/evaluation/lmeval/task"
sys.path[:0] = [str(worker), str(task), str(root)]
from forge_lm_eval import WholeText  # noqa: E402

spec = importlib.util.spec_from_file_location("worker", worker / "__main__.py")
policy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(policy)

rows = json.loads(prompts.read_text())
tokenizer = AutoTokenizer.from_pretrained(folder)
start = tokenizer.convert_tokens_to_ids("<|im_start|>")
tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
    single="<|im_start|> $A", special_tokens=[("<|im_start|>", start)]
)
tokenizer.save_pretrained(work)
assert tokenizer("x")["input_ids"][0] == start


def same(place):
    """Return whether lm-eval makes the tokens of each prompt that the local policy makes."""
    model = WholeText(
        str(folder), tokenizer=str(place), device="cpu", dtype="float32", add_bos_token=False
    )
    ids, mask = model.tok_batch_encode([text for _, _, text in rows])
    theirs = [row[kept.bool()].tolist() for row, kept in zip(ids, mask, strict=True)]
    own = AutoTokenizer.from_pretrained(place)
    return theirs == [policy.render(own, {"messages": m, "tools": t}) for m, t, _ in rows]


def ends(also):
    """Return how lm-eval's model reads an answer that ends with another token than the eot."""
    model = WholeText(str(folder), device="cpu", dtype="float32", add_bos_token=False)
    model._model.generation_config.eos_token_id = also
    words = tokenizer("one two", add_special_tokens=False)["input_ids"]
    return model.tok_decode([*words, start, *words])


found = {"own": same(folder), "with_start": same(work)}
found |= {"two_ends": ends([tokenizer.eos_token_id, start]), "one_end": ends(None)}
out.write_text(json.dumps(found))
