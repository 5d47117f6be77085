"""The table of all checks, in the order they run. Their SQL is in sql/<reason>.<tables>.sql."""

from __future__ import annotations

from collections.abc import Mapping

from harness_forge.store.labels.check import FlagKind, LabelCheck

_GEMMA_FORGE = (
    LabelCheck(
        "pass_in_name",
        FlagKind.WRONG,
        "the evaluator takes 'pass' in a rule's id or title for the scanner's pass",
    ),
    LabelCheck(
        "unhealthy_as_healthy",
        FlagKind.WRONG,
        "it passed, but the health report does not start with HEALTHY",
    ),
    LabelCheck(
        "audit_locked",
        FlagKind.WRONG,
        "audit_rules_immutable had passed in the run: no audit rule could be changed any more",
    ),
    LabelCheck(
        "hidden_retries",
        FlagKind.WRONG,
        "runs before 12 April 2026 tried up to some 15 answers within one logged attempt",
    ),
    LabelCheck(
        "rule_check_unknown",
        FlagKind.INFRASTRUCTURE,
        "the scanner gave no verdict on the rule, which was counted as a failure",
    ),
    LabelCheck(
        "evaluator_crash",
        FlagKind.INFRASTRUCTURE,
        "the evaluator raised an exception, which was counted as a failure",
    ),
    LabelCheck(
        "package_database_corrupt",
        FlagKind.INFRASTRUCTURE,
        "the package database was corrupt, so that checks failed whatever the answer",
    ),
    LabelCheck(
        "environment_not_restored",
        FlagKind.INFRASTRUCTURE,
        "it failed in an environment that an earlier attempt had left broken",
    ),
    LabelCheck(
        "deferred_interim",
        FlagKind.INTERIM,
        "a provisional value until the reboot: the check after it decides",
    ),
    LabelCheck(
        "approach_cut",
        FlagKind.CUT,
        "the approach is exactly as long as its writer's limit",
    ),
    LabelCheck(
        "tool_call_cut",
        FlagKind.CUT,
        "an argument of the call is exactly as long as its writer's limit",
    ),
    LabelCheck(
        "turn_cut",
        FlagKind.CUT,
        "what the agent said is exactly as long as its writer's limit",
    ),
)

_ANY = (
    LabelCheck(
        "unknown_outcome",
        FlagKind.CONTRADICTED,
        "the word for the item's outcome is none that is known",
    ),
    LabelCheck(
        "verdict_disagrees",
        FlagKind.CONTRADICTED,
        "the attempt's verdict and its value say different things",
    ),
    LabelCheck(
        "never_passed",
        FlagKind.CONTRADICTED,
        "the item was completed, but none of its attempts is down as passed",
    ),
    LabelCheck(
        "passed_but_given_up",
        FlagKind.CONTRADICTED,
        "the attempt is down as passed, but its item was given up",
    ),
    LabelCheck(
        "contradictory_repeat",
        FlagKind.CONTRADICTED,
        "the same answer to the same prompt both passed and failed",
    ),
)

CHECKS: Mapping[str, LabelCheck] = {check.reason: check for check in (*_GEMMA_FORGE, *_ANY)}
"""Reason to check. Contradictions come last: a known defect may explain one."""

GEMMA_FORGE = frozenset(check.reason for check in _GEMMA_FORGE)
"""Reasons that are defects of gemma-forge's evaluators and writers alone."""
