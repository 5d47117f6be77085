"""Settings of a suite: where its items come from, what is scored, how many answers at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

OURS = Path(__file__).parents[1] / "evaluation/suites/bundles"
"""The bundles that come with forge: a folder each."""


class Dtype(Enum):
    """Number format that the model computes in."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"


class SuiteKind(Enum):
    """Where a suite's items come from."""

    worker = "worker"  # work items of a split, as a run asks them
    architect = "architect"  # an architect's questions in the store, with what then happened
    auditor = "auditor"  # an auditor's questions in the store, with what the evaluator said
    reflector = "reflector"  # a reflector's questions in the store
    bundle = "bundle"  # prompts in a folder, ours or your own
    bfcl = "bfcl"  # files in the form of the Berkeley Function Calling Leaderboard
    mmlu = "mmlu"  # a local copy of MMLU
    humaneval = "humaneval"  # a local copy of HumanEval


METRICS = {
    SuiteKind.worker: (
        "valid_call", "valid_json", "right_tool", "arguments_match", "script_parses",
        "names_target",
    ),
    SuiteKind.architect: ("verdict_right", "verdict_given"),
    SuiteKind.auditor: ("verdict_right", "verdict_given"),
    SuiteKind.reflector: ("well_formed", "structure", "tips_parse", "mechanism", "names_cause"),
    SuiteKind.bundle: ("score", "completed", "concise", "token_efficiency"),
    SuiteKind.bfcl: ("ast_match", "valid_calls"),
    SuiteKind.mmlu: ("accuracy",),
    SuiteKind.humaneval: ("pass_at_1", "code_parses"),
}  # fmt: skip
"""What can be scored of the items of each kind."""

OF_A_SPLIT = (SuiteKind.worker, SuiteKind.architect, SuiteKind.auditor, SuiteKind.reflector)
"""Kinds with items from the store; all others have items from local files."""


@dataclass(frozen=True)
class SuiteConfig:
    """One lm-eval suite; every answer is greedy.

    Args:
        name: of the suite; its lm-eval task is called so.
        version: count it up when the same answer would be scored otherwise.
        kind: where the items come from: worker, architect, auditor or reflector (of
            the split that is evaluated), bundle, bfcl, mmlu or humaneval (local
            files, the same whatever the split).
        path: folder of a local copy, for bfcl, mmlu and humaneval; a bundle's
            folder, or the name of one that comes with forge.
        categories: which of the items' categories are asked; empty asks all.
        weights: by category, where the suite's score is a weighted mean of its
            categories; empty counts every item alike.
        thresholds: what a category's score must reach, by category; `overall`
            for the suite's, `each` for every category without its own. Shown
            with the scores; whether they decide is for the rule.
        metrics: scored, the decisive one first. worker: valid_call,
            valid_json, right_tool, arguments_match, script_parses,
            names_target; architect and auditor: verdict_right, verdict_given;
            reflector: well_formed, structure, tips_parse, mechanism, names_cause; bundle: score,
            completed, concise, token_efficiency; bfcl: ast_match,
            valid_calls; mmlu: accuracy; humaneval: pass_at_1, code_parses.
        hopeless_after: architect: tries of models, none of which passed, from
            which giving up is the right verdict.
        max_tokens: longest answer; a longer one counts as cut off.
        batch_size: answers made at once.
        limit: at most so many items of each skill, or of each category; 0
            takes all.
        dtype: auto takes bfloat16 on a GPU and float32 on a CPU, as
            `forge serve` and the local policy do.
        recorded: a worker's answers are read from a complete run that asked the
            same model the same, such as a replay's; false asks again.
    """

    name: str = "tool_call"
    version: int = 2
    kind: SuiteKind = SuiteKind.worker
    path: str = ""
    categories: list[str] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    metrics: list[str] = field(
        default_factory=lambda: [
            "valid_call",
            "valid_json",
            "right_tool",
            "arguments_match",
            "script_parses",
            "names_target",
        ]
    )
    hopeless_after: int = 10
    max_tokens: int = 256
    batch_size: int = 16
    limit: int = 0
    dtype: Dtype = Dtype.auto
    recorded: bool = True
