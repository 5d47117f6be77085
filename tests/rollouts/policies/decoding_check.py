"""Child process of the tests: the running batch against the model's own `generate`."""

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

WORKER = Path(__file__).parents[3] / "harness_forge/rollouts/policies/local_worker"
sys.path.insert(0, str(WORKER))
worker = runpy.run_path(str(WORKER / "__main__.py"), run_name="worker")

import torch  # noqa: E402
from batch import agrees  # noqa: E402
from row import Generation  # noqa: E402
from transformers import MistralConfig, MistralForCausalLM  # noqa: E402
from whole import Whole  # noqa: E402

torch.manual_seed(5)
model_folder, adapter = sys.argv[1:]
settings = {
    "model": model_folder,
    "adapter": adapter,
    "template": None,
    "dtype": "float32",
    "wrapped": False,
}
tokenizer, model = worker["load"](SimpleNamespace(**settings))
shared = torch.randint(3, 500, (30,)).tolist()
own = [torch.randint(3, 500, (length,)).tolist() for length in (9, 2, 14, 6, 3, 11, 5, 8)]
# Some open alike, some with nothing in common; one is another's beginning, one is there twice.
prompts = [shared + tail for tail in own[:5]] + [own[5] + own[6], shared[:20], shared + own[0]]
limits = [20, 5, 31, 1, 12, 25, 18, 9]


def own_answer(prompt, limit, stops):
    """Return what `generate` makes of one prompt alone."""
    ids = torch.tensor([prompt])
    out = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=limit,
        do_sample=False,
        pad_token_id=0,
        eos_token_id=sorted(stops),
    )
    return out[0, len(prompt) :].tolist()


def answers(decoder, rows):
    """Return the rows' new tokens by key, and the order in which they ended."""
    waiting, ended = list(rows), []
    while waiting or decoder.rows:
        now, waiting = waiting[: decoder.free], waiting[decoder.free :]
        ended += decoder.admit(now) if now else []
        ended += decoder.step() if decoder.rows else []
    return {row.key: row.new for row in ended}, [row.key for row in ended]


def greedy():
    """Return fresh greedy rows."""
    pairs = zip(prompts, limits, strict=True)
    return [Generation(n, list(prompt), limit) for n, (prompt, limit) in enumerate(pairs)]


def sampled(keys):
    """Return fresh sampled rows."""
    return [Generation(n, list(prompts[n]), 12, temperature=1.5, seed=40 + n) for n in keys]


def penalised(value):
    """Return answers under a penalty of repetition, ours and the model's own."""
    model.generation_config.repetition_penalty = value
    found = answers(decoder(4), greedy())[0]
    model.set_attn_implementation(before)
    wanted = {n: own_answer(prompts[n], limits[n], stops) for n in found}
    model.generation_config.repetition_penalty = None
    return found == wanted


def windowed():
    """Return a model whose layers see the last eight tokens only."""
    sizes = {"hidden_size": 32, "intermediate_size": 32, "head_dim": 16}
    counts = {"num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1}
    return MistralForCausalLM(MistralConfig(vocab_size=600, sliding_window=8, **sizes, **counts))


before = model.config._attn_implementation
with torch.inference_mode():
    # A random model seldom ends by itself: tokens that it likes to say are made to end it.
    long = own_answer(prompts[2], 31, {2})
    stops = {2, long[15]}
    wanted = {n: own_answer(p, limits[n], stops) for n, p in enumerate(prompts)}
    whole = answers(Whole(model, stops, 8), greedy())[0]
    suits = agrees(model)

    def decoder(slots):
        """Return a fresh decoder, as for a model that was just loaded."""
        model.set_attn_implementation(before)
        return worker["open_decoder"](model, stops, slots)

    found, order = answers(decoder(3), greedy())
    alone = {n: answers(decoder(2), sampled([n]))[0][n] for n in range(4)}
    together = answers(decoder(3), sampled([3, 1, 0, 2]))[0]
    report = {
        "decoder": type(decoder(3)).__name__,
        "suits": suits,
        "greedy": {n: [found[n], wanted[n]] for n in wanted},
        "whole": whole == wanted,
        "order": order,
        "stopped": sum(answer[-1] in stops for answer in wanted.values()),
        "alone": alone,
        "together": together,
        "penalised": penalised(1.3),
        "windowed": type(worker["open_decoder"](windowed(), stops, 2)).__name__,
    }
worker["say"](report)
