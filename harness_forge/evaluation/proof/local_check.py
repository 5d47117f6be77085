"""Checks that an adapter fits its base model and changes its answers.

A misnamed module, a tensor that fits nowhere or a different base model raise no
error when an adapter is loaded. The base model then answers alone, and every later
measurement is about the wrong model.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness_forge.core.children import NoAnswer, answer_of
from harness_forge.core.errors import EvalError, Interrupted
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.models.folder import BaseModel

LEAST_NATS = 1e-3
"""Smallest mean divergence from the base, in nats a position, of an adapter with any effect.

By Pinsker's inequality, two closer distributions give different tokens in at most
one of 45 draws. A trained adapter is at 0.1 and more, a dead one at 0.
"""

NOISE_FACTOR = 10
"""The divergence must also be this many times what the order of sums alone changes: on
a GPU in bfloat16 a base model differs from itself by about 1e-5 to 1e-4 nats."""

_WORKER = Path(__file__).with_name("worker.py")
_SHOWN = 5


def check_mask(adapter: Adapter) -> dict[str, int]:
    """Refuse an adapter without a record of which tokens its training learned.

    A template that gives an all-zero mask trains nothing, and one that masks
    nothing trains the prompt; neither raises an error. The audit before training
    counts both, and the lineage has its counts.

    Returns:
        rows, tokens and trained; of GRPO, which learns answers that it writes itself,
        also their number, answers.

    Raises:
        EvalError: there are no counts, or they say that the mask was wrong.
    """
    counts = adapter.lineage.get("audit") or {}
    rows, tokens, trained = (counts.get(key) for key in ("rows", "tokens", "trained"))
    where, hint = f"adapter {adapter.name}", "`forge train` audits the mask and trains again"
    if not rows or not tokens or trained is None:
        raise EvalError(where, "its loss mask was never checked", hint)
    # GRPO learns answers that are not written yet when its prompts are counted.
    written = (adapter.lineage.get("grpo") or {}).get("answers") if not trained else None
    if written is None and not 0 < trained < tokens:
        sentence = "nothing was learned" if not trained else "the prompts were learned too"
        raise EvalError(where, f"its loss mask was wrong: {trained} of {tokens}, {sentence}", hint)
    found = {"rows": rows, "tokens": tokens, "trained": trained}
    return found if written is None else {**found, "answers": written}


def measure(
    adapter: Adapter,
    base: BaseModel,
    *,
    probes: Sequence[Sequence[Mapping[str, Any]]],
    tools: Sequence[Mapping[str, Any]],
    python: Path,
    environment: Mapping[str, str],
    threads: int,
) -> dict[str, Any]:
    """Put the adapter on the base model in a workset and return the measurements.

    Args:
        probes: chat prompts for both.
        python: interpreter of a workset with torch, transformers and peft.

    Returns:
        `modules`, `weights`, `homes`, `logits` and `tokens`; the later ones are
        missing if an earlier one already shows that the adapter does not fit.

    Raises:
        EvalError: the model or the adapter cannot be loaded.
        Interrupted: Ctrl-C.
    """
    job = {
        "adapter": str(adapter.folder),
        "model": str(base.folder.absolute()),
        "template": base.template,
        "wrapped": base.wrapped,
        "probes": probes,
        "tools": tools,
        "threads": threads,
        "four_bits": (adapter.lineage.get("train") or {}).get("adapter") == "qlora",
    }
    try:
        answer = answer_of([python, "-P", _WORKER], environment, job)
    except KeyboardInterrupt:
        raise Interrupted("prove", "stopped", "nothing was written") from None
    except NoAnswer as ended:
        killed = ended.code == -signal.SIGKILL
        answer = {"fault": "was killed: out of memory?" if killed else ended.last}
    if "fault" in answer:
        what = f"cannot be put on {base.name}: {answer['fault']}"
        raise EvalError(f"adapter {adapter.name}", what, "`forge train` makes it again")
    return answer


def check(adapter: Adapter, facts: Mapping[str, Any]) -> None:
    """Refuse an adapter that does not fit, or changes nothing.

    Raises:
        EvalError: names the first fault.
    """
    where = f"adapter {adapter.name}"
    for what, hint in _faults(facts):
        raise EvalError(where, what, hint)


def _faults(facts: Mapping[str, Any]):
    again = "train it again, with target modules that `forge model info` names"
    if absent := [name for name, layers in facts["modules"].items() if not layers]:
        yield f"names modules that the base model does not have: {_list(absent)}", again
    homes = facts.get("homes") or {}
    if homes.get("homeless"):
        yield f"{_count(homes, 'homeless')} fit nowhere: {_list(homes['homeless'])}", again
    if homes.get("missing"):
        yield f"lacks {len(homes['missing'])} tensors: {_list(homes['missing'])}", again
    if homes.get("misshapen"):
        yield f"{_count(homes, 'misshapen')} have another shape: {_list(homes['misshapen'])}", again
    weights = facts["weights"]
    if weights["not_finite"]:
        what = f"{weights['not_finite']} of its {weights['count']} weights are not finite numbers"
        yield what, "its training diverged: lower train.learning_rate"
    if weights["silent_layers"] == weights["layers"]:
        yield "every lora_B is zero: it changes nothing", "were any labels trained?"
    if "logits" in facts:
        yield from _logit_faults(facts["logits"])


def _logit_faults(logits: Mapping[str, Any]):
    noise, kl = logits["noise"], logits["kl_nats"]
    least = max(LEAST_NATS, NOISE_FACTOR * abs(logits["noise_kl_nats"]))
    # Not `kl < least`: nan must not pass.
    if not kl >= least:
        what = (
            f"changes too little: {kl:.2g} nats from the base, at least {least:.2g} are asked for"
        )
        yield what, "train it longer, or with a higher train.learning_rate"
    if not logits["switched_off_difference"] <= max(1e-6, NOISE_FACTOR * noise):
        yield "the base model is not itself again when the adapter is off", ""
    if not logits["reload_difference"] <= max(1e-6, NOISE_FACTOR * noise):
        what = f"gives other logits when loaded again (by {logits['reload_difference']:.2g})"
        yield what, ""


def _count(homes: Mapping[str, Any], kind: str) -> str:
    return f"{len(homes[kind])} of its {homes['tensors']} tensors"


def _list(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
