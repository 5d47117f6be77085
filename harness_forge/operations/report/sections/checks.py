"""What was checked beside the replay: lm-eval's metrics and the proof."""

from __future__ import annotations

from harness_forge.operations.report.html import Html, missing, section, table, tag
from harness_forge.operations.report.material import LABELS, Material
from harness_forge.operations.report.words import percent


def render(material: Material) -> Html:
    """Return the metrics of lm-eval by part, and what the proof measured."""
    return section("Form of the answers, and proof", _metrics(material), _proof(material))


def _metrics(material: Material) -> Html:
    found = material.evaluation
    if found is None:
        return missing("lm-eval has not scored the answers.", "forge evaluate")
    metrics = found["metrics"]
    rows = [
        (
            LABELS.get(label, label),
            tag("code", part),
            means["items"],
            *(percent(means.get(name)) for name in metrics),
        )
        for label, parts in found["labels"].items()
        for part, means in parts.items()
    ]
    about = f"lm-eval, suite {found['suite']} version {found['version']}, on {found['split']}."
    head = ("policy", "part", "items", *(name.replace("_", " ") for name in metrics))
    return tag("div", tag("p", about, class_="about"), table(head, rows, numeric=2))


def _proof(material: Material) -> Html:
    found = material.proof
    if found is None:
        return missing("It is not proven that the adapter is live.", "forge prove")
    apart = found.get("logits", {}).get("kl_nats")
    told = "The adapter is proven live"
    if apart is not None:
        told += (
            f": on probe prompts its next-token distribution lies {apart:.3g} nats from the base's"
        )
    return tag("p", f"{told}.")
