"""Evaluations of suites with categories, on which the presets promote, and ways to spoil them."""

from dataclasses import replace

from promoting_evidence import CANDIDATE, OTHER, evidence

from harness_forge.promotion.rules.evidence import Champion, MissingEvidence

CATEGORIES = (
    "intent_classification", "orchestration", "tool_use", "code_review", "reasoning",
    "architecture", "conciseness", "affect_reasoning", "consciousness_articulation",
)  # fmt: skip
B4MAD = ("tool_calls", "bead_lifecycle", "delegation", "end_to_end")


def table(score, items, metric="score"):
    return {"items": items, metric: score}


def suite(own=0.8, base=0.5, items=135, name="nine", categories=None, **changes):
    """Return one suite's report; `categories` gives own and base score of some by name."""
    labels = {"adapter": own, "base": base}
    report = {
        "suite": name, "version": 1, "metrics": ["score"], "split": "holdout",
        "labels": {label: {"all": table(score, items)} for label, score in labels.items()},
    }  # fmt: skip
    if categories is not None:
        scores = dict.fromkeys(CATEGORIES, (0.8, 0.5)) | categories
        report["categories"] = {
            label: {one: table(both[at], 15) for one, both in scores.items()}
            for at, label in enumerate(labels)
        }
        report["category_names"] = list(CATEGORIES)
    return report | changes


def evaluated(report, champion=None, **changes):
    """Return whole evidence with this evaluation, of one suite or of several by name."""
    whose = {"candidate": {"name": CANDIDATE.name, "digest": CANDIDATE.digest}}
    found = evidence(**changes)
    if champion is not None:
        found = replace(found, champion=Champion(OTHER, MissingEvidence("not replayed"), champion))
    several = "labels" not in report
    return replace(found, evaluate=whose | ({"suites": report} if several else report))


def four(**changed):
    """Return the four suites of #B4mad; `changed` gives own and base score of some."""
    scores = dict.fromkeys(B4MAD, (0.8, 0.5)) | changed
    return {name: suite(*both, items=20, name=name) for name, both in scores.items()}
