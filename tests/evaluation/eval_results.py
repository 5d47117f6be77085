"""Results that the evaluators' tests compare."""

from harness_forge.core.results import EvalResult


def result(item, passed=False, family="sshd", part="new_rule", **changes) -> EvalResult:
    facts = {
        "skill": "stig",
        "item_id": item,
        "title": f"Title of {item}",
        "family": family,
        "group_key": item,
        "part": part,
        "passed": passed,
        "infrastructure": False,
        "failure_mode": None if passed else "target_fails",
        "answer": "é",
        "script": "echo",
    }
    return EvalResult(**{**facts, **changes})
