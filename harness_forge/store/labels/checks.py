"""The table of all checks, in the order they run. Their SQL is in sql/<reason>.<tables>.sql."""

from __future__ import annotations

from collections.abc import Mapping

from harness_forge.store.labels.check import Check, Kind

_GEMMA_FORGE = (
    Check(
        "pass_in_name",
        Kind.WRONG,
        "the evaluator takes 'pass' in a rule's id or title for the scanner's pass",
    ),
    Check(
        "unhealthy_as_healthy",
        Kind.WRONG,
        "it passed, but the health report does not start with HEALTHY",
    ),
    Check(
        "audit_locked",
        Kind.WRONG,
        "audit_rules_immutable had passed in the run: no audit rule could be changed any more",
    ),
    Check(
        "hidden_retries",
        Kind.WRONG,
        "runs before 12 April 2026 tried up to some 15 answers within one logged attempt",
    ),
    Check(
        "rule_check_unknown",
        Kind.INFRASTRUCTURE,
        "the scanner gave no verdict on the rule, which was counted as a failure",
    ),
    Check(
        "evaluator_crash",
        Kind.INFRASTRUCTURE,
        "the evaluator raised an exception, which was counted as a failure",
    ),
    Check(
        "package_database_corrupt",
        Kind.INFRASTRUCTURE,
        "the package database was corrupt, so that checks failed whatever the answer",
    ),
    Check(
        "environment_not_restored",
        Kind.INFRASTRUCTURE,
        "it failed in an environment that an earlier attempt had left broken",
    ),
    Check(
        "deferred_interim",
        Kind.INTERIM,
        "a provisional value until the reboot: the check after it decides",
    ),
    Check(
        "approach_cut",
        Kind.CUT,
        "the approach is exactly as long as its writer's limit",
    ),
    Check(
        "tool_call_cut",
        Kind.CUT,
        "an argument of the call is exactly as long as its writer's limit",
    ),
    Check(
        "turn_cut",
        Kind.CUT,
        "what the agent said is exactly as long as its writer's limit",
    ),
)

_ANY = (
    Check(
        "unknown_outcome",
        Kind.CONTRADICTED,
        "the word for the item's outcome is none that is known",
    ),
    Check(
        "verdict_disagrees",
        Kind.CONTRADICTED,
        "the attempt's verdict and its value say different things",
    ),
    Check(
        "never_passed",
        Kind.CONTRADICTED,
        "the item was completed, but none of its attempts is down as passed",
    ),
    Check(
        "passed_but_given_up",
        Kind.CONTRADICTED,
        "the attempt is down as passed, but its item was given up",
    ),
    Check(
        "contradictory_repeat",
        Kind.CONTRADICTED,
        "the same answer to the same prompt both passed and failed",
    ),
)

CHECKS: Mapping[str, Check] = {check.reason: check for check in (*_GEMMA_FORGE, *_ANY)}
"""Reason to check. Contradictions come last: a known defect may explain one."""

GEMMA_FORGE = frozenset(check.reason for check in _GEMMA_FORGE)
"""Reasons that are defects of gemma-forge's evaluators and writers alone."""
