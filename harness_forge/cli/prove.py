"""`forge prove`: prove that an adapter fits its base model and changes what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import count, number, percent

SUMMARY = "prove that an adapter fits its base model and changes what it says"
USAGE = "[ADAPTER] [key=value …]"
EXAMPLES = (
    "forge prove",
    "forge prove stig-worker",
    "forge prove outputs/adapters/sft model=smollm2-135m",
    "forge prove prove.server=start",
    "forge prove stig-worker prove.server=http://127.0.0.1:8000/v1",
)
KEYS = ("model", "skill", "train", "prove", "serve", "forge_home")
JSON = "an object: what outputs/prove.json holds"

OUT = Path("outputs/prove.json")


def main(argv: list[str]) -> int:
    """Prove one adapter: the loop's newest, or the one that is named."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import sort
    from harness_forge.evaluation.proof import prove

    words, _, overrides = sort(argv)
    if len(words) > 1:
        what = f"{' '.join(words)!r} is more than one adapter"
        raise ConfigError("command line", what, "write: forge prove [ADAPTER]")
    found = prove.prove(composed(overrides), words[0] if words else None, OUT)
    report(found, f"{render(found)}\n  {OUT}")
    return 0


def render(report: dict[str, Any]) -> str:
    """Return the proof in a few lines, figures as measured."""
    modules, weights, logits = report["modules"], report["weights"], report["logits"]
    adapter, base = report["adapter"], report["base"]
    silent = f", {weights['silent_layers']} layers silent" if weights["silent_layers"] else ""
    lines = [
        f"{adapter['name']} ({adapter['digest'][:12]}) is live on "
        f"{base['name']} ({base['digest'][:12]})",
        f"  modules  {len(modules)} names on {sum(modules.values())} layers, "
        f"{weights['tensors']} tensors, each with its place",
        f"  weights  {count(weights['count'])}, norm {weights['norm']:.1f}{silent}",
        f"  logits   differ by {number(logits['mean_difference'])} on average, "
        f"{number(logits['max_difference'])} at most; "
        f"by {number(logits['noise'])} from the order of sums, "
        f"{number(logits['reload_difference'])} when loaded again",
        f"  answers  {number(logits['kl_nats'])} nats from the base, "
        f"at least {number(logits['least_kl_nats'])}",
        f"  tokens   {percent(logits['changed_tokens'])} of the likeliest next ones are others, "
        f"{percent(logits['changed_first_tokens'])} of an answer's first",
    ]
    if mask := report.get("mask"):
        lines.append(f"  mask     {_mask(mask)}")
    if templates := report.get("templates"):
        text = f"{templates['training'][:12]} in training, evaluation and serving"
        lines.append(f"  template {text}")
    if four := report.get("four_bits"):
        lines.append(f"  4 bits   {number(four['gap_nats'])} nats a token from the whole base")
    return lines_of_server(lines, report.get("server"))


def _mask(mask: dict[str, int]) -> str:
    if "answers" in mask:
        return (
            f"no token of the {count(mask['rows'])} prompts learned; learned were "
            f"{count(mask['answers'])} answers that the model wrote itself"
        )
    learned = f"{count(mask['trained'])} of {count(mask['tokens'])} tokens learned"
    return f"{learned}, in {count(mask['rows'])} rows"


def lines_of_server(lines: list[str], server: dict[str, Any] | None) -> str:
    """Return the lines with those about the server, if one was asked."""
    if server:
        lines += [
            f"  server   {number(server['adapter_gap'])} nats a token from the training stack, "
            f"at most {number(server['tolerance'])}; its base {number(server['base_gap'])}",
            f"  floor    asked again it moves {number(server['floor'])} nats a token, "
            f"the adapter {number(server['moved'])}",
        ]
    else:
        lines.append("  server   not asked: prove.server=start, or its URL")
    return "\n".join(lines)
