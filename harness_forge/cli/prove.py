"""`forge prove`: prove that an adapter fits its base model and changes what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness_forge.core.errors import ConfigError

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

OUT = Path("outputs/prove.json")


def main(argv: list[str]) -> int:
    """Prove one adapter: the loop's newest, or the one that is named."""
    from harness_forge.cli import composed
    from harness_forge.cli.words import sort
    from harness_forge.evaluation.proof import prove

    words, _, overrides = sort(argv)
    if len(words) > 1:
        what = f"{' '.join(words)!r} is more than one adapter"
        raise ConfigError("command line", what, "write: forge prove [ADAPTER]")
    report = prove.prove(composed(overrides), words[0] if words else None, OUT)
    print(render(report))
    print(f"  {OUT}")
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
        f"  weights  {weights['count']:,}, norm {weights['norm']:.1f}{silent}",
        f"  logits   differ by {logits['mean_difference']:.3g} on average, "
        f"{logits['max_difference']:.3g} at most; by {logits['noise']:.2g} from the order of sums, "
        f"{logits['reload_difference']:.2g} when loaded again",
        f"  answers  {logits['kl_nats']:.3g} nats from the base, "
        f"at least {logits['least_kl_nats']:g}",
        f"  tokens   {logits['changed_tokens']:.0%} of the likeliest next ones are others, "
        f"{logits['changed_first_tokens']:.0%} of an answer's first",
    ]
    if mask := report.get("mask"):
        lines.append(
            f"  mask     {mask['trained']:,} of {mask['tokens']:,} tokens learned, "
            f"in {mask['rows']:,} rows"
        )
    if templates := report.get("templates"):
        text = f"{templates['training'][:12]} in training, evaluation and serving"
        lines.append(f"  template {text}")
    if four := report.get("four_bits"):
        lines.append(f"  4 bits   {four['gap_nats']:g} nats a token from the whole base")
    return lines_of_server(lines, report.get("server"))


def lines_of_server(lines: list[str], server: dict[str, Any] | None) -> str:
    """Return the lines with those about the server, if one was asked."""
    if server:
        lines += [
            f"  server   {server['adapter_gap']:g} nats a token from the training stack, "
            f"at most {server['tolerance']:g}; its base {server['base_gap']:g}",
            f"  floor    asked again it moves {server['floor']:g} nats a token, "
            f"the adapter {server['moved']:g}",
        ]
    else:
        lines.append("  server   not asked: prove.server=start, or its URL")
    return "\n".join(lines)
