"""`forge run`: attempt work items and write what happened to the store."""

from __future__ import annotations

from harness_forge.core.numbers import count, counted, number, percent

SUMMARY = "attempt work items and write what happened to the store"
USAGE = "skill=NAME policy=gold|mutated|nearest|template|extractive|model[:ADAPTER] [key=value …]"
EXAMPLES = (
    "forge run skill=stig policy=gold",
    "forge run skill=stig policy=mutated policy.variants=2",
    "forge run skill=all policy=gold",
    "forge run policy=gold run.items=[sshd_disable_root_login]",
    "forge run policy=model policy.endpoint=http://127.0.0.1:8000/v1 policy.samples=4 "
    "policy.temperature=0.8",
    "forge run policy=model:stig-tuning split=validation purpose=evaluate",
    "forge run policy=model:base policy.shots=3 split=validation purpose=evaluate",
)
KEYS = (
    "skill",
    "policy",
    "run",
    "prompt",
    "model",
    "split",
    "budget",
    "store",
    "seed",
    "forge_home",
)
JSON = "an array: an object a skill, with skill, run_id, status and its counts"
SHORT = {"split": "run.split", "purpose": "run.purpose"}


def main(argv: list[str]) -> int:
    """Run one policy over a skill's work items and print what it came to; skill by skill."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report, show
    from harness_forge.config.several import skills_of
    from harness_forge.rollouts import opening

    skills = skills_of(composed(argv))
    done = []
    for config in skills:
        head = f"{config.skill.name}: " if len(skills) > 1 else ""
        summary = opening.run(config)
        show(head + render(summary))
        done.append({"skill": config.skill.name, **summary})
    report(done)
    return 0


def render(summary: dict) -> str:
    """Return a run's summary as a few lines."""
    head = f"run {summary['run_id']}: {summary['status']}"
    if not summary["new_items"]:
        return f"{head}, nothing new to attempt (run.fresh=true starts another)"
    share = summary["passed"] / max(summary["items"], 1)
    lines = [
        f"{head}, {summary['passed']} of {summary['items']} items passed ({percent(share)}), "
        f"{summary['first_try']} at the first try"
    ]
    if summary["infrastructure"]:
        lines.append(f"  {summary['infrastructure']} attempts without a verdict (infrastructure)")
    if "tokens_per_attempt" in summary:
        lines.append(
            f"  {count(summary['tokens_per_attempt'])} tokens per attempt, prompt and answer"
        )
    if "usd" in summary:
        unknown = summary["usd_unknown"]
        more = f", and {counted(unknown, 'attempt')} of unknown cost" if unknown else ""
        lines.append(f"  {number(summary['usd'])} USD by the stored prices{more}")
    for name, title in (("outcomes", "attempts"), ("passed_by_origin", "passes by origin")):
        counts = ", ".join(f"{key} {count(found)}" for key, found in summary[name].items())
        lines.append(f"  {title}: {counts}")
    return "\n".join(lines)
