"""Child process of `prove`: puts an adapter on its base model and measures what it changes.

Runs in a workset's Python, so it imports nothing of harness_forge. One JSON
object in on stdin; the last line it prints is JSON: {"modules", "homes",
"weights", "logits", "tokens"} as far as it came, or {"fault": …}.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
# A thread that waits for another one sleeps: on a busy machine spinning would take minutes.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

KEPT = 32
"""Positions compared in each probe: its last ones, up to where an answer begins."""

PLACES, TOP = 4, 20
"""A server is compared at this many last positions of each probe, by this many likeliest tokens."""


def named_modules(model, config) -> dict:
    """Return, for each module the adapter names, how many linear layers have that name."""
    from torch.nn import Embedding, Linear

    named = config.target_modules
    if isinstance(named, str):
        from peft.tuners.tuners_utils import check_target_module_exists as matches

        layers = [n for n, m in model.named_modules() if isinstance(m, Linear)]
        return {named: sum(bool(matches(config, name)) for name in layers)}
    # vLLM and peft both match the last part of a name.
    layers = [n for n, m in model.named_modules() if isinstance(m, Linear | Embedding)]
    return {
        part: sum(name == part or name.endswith(f".{part}") for name in layers)
        for part in sorted(named)
    }


def homes(model, config, tensors) -> dict:
    """Compare the adapter's tensors with those that its config makes on this model.

    Without an error, peft ignores a tensor that fits nowhere, and gives a missing
    one the values at the start of training.
    """
    from peft import get_peft_model
    from peft.utils import get_peft_model_state_dict

    adapted = get_peft_model(model, config)
    wanted = {k: list(v.shape) for k, v in get_peft_model_state_dict(adapted).items()}
    adapted.unload()
    there = {name: list(tensor.shape) for name, tensor in tensors.items()}
    return {
        "tensors": len(there),
        "homeless": sorted(set(there) - set(wanted)),
        "missing": sorted(set(wanted) - set(there)),
        "misshapen": [
            f"{name} is {there[name]} instead of {wanted[name]}"
            for name in sorted(set(there) & set(wanted))
            if there[name] != wanted[name]
        ],
    }


def weights(tensors) -> dict:
    """Return how many weights there are, how large, and which have no effect."""
    import torch

    squares = sum(float(t.double().square().sum()) for t in tensors.values())
    ends = {name: t for name, t in tensors.items() if "lora_B" in name}
    return {
        "count": sum(t.numel() for t in tensors.values()),
        "norm": squares**0.5 if squares == squares else 0.0,
        "not_finite": sum(int((~torch.isfinite(t)).sum()) for t in tensors.values()),
        "layers": len(ends),
        "silent_layers": sum(not bool(t.any()) for t in ends.values()),
    }


def logits(model, ids, times=1):
    """Return the last logits of one probe in float32, shape (positions, vocabulary)."""
    import torch

    batch = torch.tensor([ids] * times, device=model.device)
    with torch.inference_mode():
        return model(input_ids=batch, logits_to_keep=KEPT).logits[0].float()


def differences(base, adapted) -> dict:
    """Return how far apart two sets of logits of one probe are; divergence in nats."""
    import torch

    gap = (adapted - base).abs()
    ours, theirs = torch.log_softmax(adapted, -1), torch.log_softmax(base, -1)
    # Kullback-Leibler divergence of the base's distribution from the adapter's.
    kl = (ours.exp() * (ours - theirs)).sum(-1)
    other = adapted.argmax(-1) != base.argmax(-1)
    return {
        "positions": len(kl),
        "largest": float(gap.max()),
        "sum": float(gap.mean(-1).sum()),
        "kl": float(kl.sum()),
        "first_kl": float(kl[-1]),
        "changed": int(other.sum()),
        "first_changed": int(other[-1]),
    }


def compared(model, folder, probes) -> dict:
    """Return the differences between base and adapter over all probes, and the answer of each."""
    from peft import PeftModel

    few = probes[:2]
    bases = [logits(model, ids).cpu() for ids in probes]
    # The same prompt twice in a batch gives the same sums in another order: the noise.
    twice = [logits(model, ids, 2).cpu() for ids in few]
    adapted = PeftModel.from_pretrained(model, folder).eval()
    answers = [logits(adapted, ids).cpu() for ids in probes]
    with adapted.disable_adapter():
        back = [logits(adapted, ids).cpu() for ids in few]
    adapted.load_adapter(folder, "again")
    adapted.set_adapter("again")
    again = [logits(adapted, ids).cpu() for ids in few]

    noise = summed(bases, twice)
    found = summed(bases, answers) | {
        "noise": noise["max_difference"],
        "noise_kl_nats": noise["kl_nats"],
        "reload_difference": summed(answers, again)["max_difference"],
        "switched_off_difference": summed(bases, back)["max_difference"],
    }
    return {
        "logits": found,
        "tokens": {
            "ids": probes,
            "base": likeliest(bases),
            "adapter": likeliest(answers),
        },
    }


def likeliest(logits_of) -> list:
    """Return, for each probe, the log probabilities in nats of the likeliest next tokens.

    At its last `PLACES` positions, each a mapping of token id to number. A server
    can be asked the same.
    """
    import torch

    found = []
    for all_of in logits_of:
        top = torch.log_softmax(all_of[-PLACES:], -1).topk(min(TOP, all_of.shape[-1]))
        found.append(
            [
                {str(int(i)): round(float(p), 5) for i, p in zip(ids, said, strict=True)}
                for ids, said in zip(top.indices, top.values, strict=True)
            ]
        )
    return found


def in_four_bits(job, probes):
    """Return log probabilities on the base in 4 bits, if the adapter was trained so; else None."""
    if not job.get("four_bits"):
        return None
    import torch
    from peft import PeftModel
    from transformers import BitsAndBytesConfig

    gpu = torch.cuda.is_available()
    four = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if gpu else torch.float32,
    )
    model = _loader(job).from_pretrained(
        job["model"], quantization_config=four, device_map="cuda" if gpu else "cpu"
    )
    adapted = PeftModel.from_pretrained(model, job["adapter"]).eval()
    return likeliest([logits(adapted, ids).cpu() for ids in probes])


def summed(bases, others) -> dict:
    """Return the differences of all probes as one; a shorter list is compared up to its length."""
    found = [differences(b, o) for b, o in zip(bases, others, strict=False)]
    positions = sum(each["positions"] for each in found)
    return {
        "probes": len(found),
        "positions": positions,
        "max_difference": max(each["largest"] for each in found),
        "mean_difference": sum(each["sum"] for each in found) / positions,
        "kl_nats": sum(each["kl"] for each in found) / positions,
        "first_token_kl_nats": sum(each["first_kl"] for each in found) / len(found),
        "changed_tokens": sum(each["changed"] for each in found) / positions,
        "changed_first_tokens": sum(each["first_changed"] for each in found) / len(found),
    }


def render(tokenizer, probes, tools) -> list:
    """Return the token ids of each probe, up to where the answer begins."""
    return [
        tokenizer(
            tokenizer.apply_chat_template(
                messages, tools=tools or None, tokenize=False, add_generation_prompt=True
            ),
            add_special_tokens=False,
        )["input_ids"]
        for messages in probes
    ]


def _loader(job):
    """Return the class that training loads such a model with: names of its layers depend on it."""
    import transformers

    name = "AutoModelForImageTextToText" if job["wrapped"] else "AutoModelForCausalLM"
    return getattr(transformers, name)


def prove(job) -> dict:
    """Run the job's steps; stop when later steps make no sense."""
    import torch
    from peft import PeftConfig
    from safetensors.torch import load_file
    from transformers import AutoTokenizer

    gpu = torch.cuda.is_available()
    if not gpu:
        # As in training: the kernels that a linear attention would take run on a GPU alone.
        sys.modules.setdefault("fla", None)
    torch.set_num_threads(job["threads"])
    config = PeftConfig.from_pretrained(job["adapter"])
    tensors = load_file(Path(job["adapter"]) / "adapter_model.safetensors")
    # As the local policy and the server load it.
    dtype = torch.bfloat16 if gpu else torch.float32
    model = _loader(job).from_pretrained(job["model"], dtype=dtype)
    model = model.to("cuda" if gpu else "cpu").eval()
    answer = {"modules": named_modules(model, config), "weights": weights(tensors)}
    if not all(answer["modules"].values()):
        return answer
    answer["homes"] = homes(model, config, tensors)
    if any(answer["homes"][kind] for kind in ("homeless", "missing", "misshapen")):
        return answer
    if answer["weights"]["not_finite"]:
        return answer
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    tokenizer.chat_template = job["template"]
    probes = render(tokenizer, job["probes"], job["tools"])
    answer |= compared(model, job["adapter"], probes)
    answer["tokens"]["trained"] = in_four_bits(job, probes)
    return answer


def main() -> None:
    """Run the job, and print the result in one line."""
    try:
        answer = prove(json.load(sys.stdin))
    except MemoryError:
        answer = {"fault": "out of memory"}
    except Exception as error:  # one line for the user, whatever went wrong
        first = (str(error).splitlines() or [""])[0]
        answer = {"fault": f"{type(error).__name__}: {first[:200]}"}
    sys.stdout.flush()
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
