"""Known answers to a rule: our compact fix, the content's own, and broken ones."""

from __future__ import annotations

from collections.abc import Mapping

from harness_forge.core.records import Origin, TeacherAnswer
from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold import Fix, write_fix
from harness_forge.rollouts.environments.scap.mutate import mutate

# What each habit of `mutate` did wrong, in a reflector's words.
_WHY: Mapping[str, str] = {
    "wrong_value": "the key is right but its value is not the one the rule asks for",
    "wrong_file": "the setting went into a file that the service does not read",
    "commented_line": "the line was written as a comment, so it has no effect",
    "half_fix": "only part of what the rule asks for was done",
    "typo": "a misspelled key is ignored without any error",
    "deleted_only": "the old line was removed but the new one was never written",
    "missing_audit_key": "the audit rule lacks the key the rule asks for",
    "missing_value": "the key was written without a value",
    "old_line_kept": "an earlier line for the same key was kept and still wins",
}


def gold(rule: ScapRule, fallback: bool) -> list[TeacherAnswer]:
    """Return our fix, and after it the content's own if `fallback` is set.

    The content's fix has no revert script.
    """
    answers = []
    fix = write_fix(rule)
    if fix is not None:
        answers.append(TeacherAnswer(Origin.OURS, fix.writer, _arguments(fix)))
    if fallback and rule.fix:
        own = {"fix_script": rule.fix, "revert_script": "", "description": f"Fix {rule.id}."}
        answers.append(TeacherAnswer(Origin.CONTENT, "content", own))
    return answers


def mutated(rule: ScapRule, limit: int) -> list[TeacherAnswer]:
    """Return at most `limit` broken variants of our fix; none if we have no fix."""
    fix = write_fix(rule)
    if fix is None:
        return []
    return [
        TeacherAnswer(Origin.MUTATED, broken.name, _arguments(broken.fix), _WHY[broken.name])
        for broken in mutate(fix, rule)[:limit]
    ]


def _arguments(fix: Fix) -> dict[str, str]:
    return {
        "fix_script": fix.fix_script,
        "revert_script": fix.revert_script,
        "description": fix.description,
    }
