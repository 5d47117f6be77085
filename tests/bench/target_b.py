"""Target B, small: four skills and four roles, trained alone, together, and with one left out.

python tests/bench/target_b.py FOLDER [--tools .forge] [--only all,repair] [--steps N] [--limit N]
python tests/bench/target_b.py FOLDER --docs

Attempts are made and judged once; then each condition is exported, trained and asked the held-out
items of every skill, by forge's own commands. What is finished stays in FOLDER, so a run that was
killed is run again and goes on. The table is made of the result files alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sections import put
from target_b_table import ALL, ROLES_OF, SKILLS, without, write_table

from harness_forge.rollouts.environments.reasoning.making import GENERATORS

FORGE = Path(sys.executable).with_name("forge")
TOOLS = ("models", "scap", "worksets")
"""What is taken from the `forge_home` that has them."""

# Few items, whose rows and answers are short; the division into splits is forge's own.
ITEMS = {
    # Rules whose answers have many forms: of owners, modes and the like there are two.
    "skills.stig.scap.only": "accounts_|auditd_|audit_rules_(usergroup|login|sudoers)|banner|"
    "chronyd_|configure_|coredump_|dconf_|disable_users|kernel_module_|rsyslog_|set_password|"
    "sshd_|sudo_|sysctl_kernel|use_pam",
    "skills.repair.command.items_command": "{python} -m "
    "harness_forge.rollouts.environments.repair.making --seed 1 --each 3",
    "skills.reasoning.command.items_command": "{python} -m "
    "harness_forge.rollouts.environments.reasoning.making --library {reasoning} --seed 1 --each 4 "
    f"--generators {' '.join(GENERATORS[::2])}",
    "skills.tool_calls.command.items_command": "{python} -m "
    "harness_forge.rollouts.environments.tool_calls.making --seed 1 --each 3",
}
PART = "('x' || substr(md5(item_id), 1, 7))::bit(28)::int % 6"
"""Six parts of the items: each of the roles beside the worker learns from some of them."""
ROWS = {
    "exports.architect.where": f"{PART} IN (0, 1)",
    "exports.reflector.where": f"{PART} IN (2, 3)",
    # An item has two verdicts.
    "exports.auditor.where": f"{PART} = 4",
}
TRAINING = {
    "train.epochs": "2",
    "train.learning_rate": "1e-3",
    # Steps of eight rows as anywhere, one by one: nothing is padded, which a CPU would work on too.
    "train.micro_batch": "1",
    "train.accumulate": "8",
}
"""The rate that validation chose for target_a (docs/experiments.md); nothing was chosen here."""
ASKED = {
    # Longer than any answer that is right; what a model says after it counts for nothing.
    "suites.architect.max_tokens": "16",
    "suites.auditor.max_tokens": "16",
    "suites.reflector.max_tokens": "256",
    # A step of 32 answers takes little longer than one of eight.
    **{f"suites.{role}.batch_size": "32" for role in ("architect", "auditor", "reflector")},
}
CONDITIONS = (ALL, *SKILLS, *(without(skill) for skill in SKILLS))


def main() -> None:
    """Prepare, train and ask what is missing, and write the table."""
    asked = _words()
    folder: Path = asked.folder.absolute()
    if asked.docs:
        put("target-b.md", Path(__file__).name, f"## Results\n\n{write_table(folder)}")
        return
    _prepare(folder, asked.tools.absolute(), {"steps": asked.steps, "limit": asked.limit})
    for name in asked.only:
        condition(folder, name, asked.steps, asked.limit)
        write_table(folder)
    print(write_table(folder))


def condition(folder: Path, name: str, steps: int, limit: int) -> None:
    """Export, train and ask one condition, unless that is done."""
    place = folder / "conditions" / name
    done = place / "done.json"
    if done.exists():
        print(f"{name}: done before", flush=True)
        return
    place.mkdir(parents=True, exist_ok=True)
    common = _common(folder)
    learned = [f"~skills.{skill}" for skill in SKILLS if not _learns(name, skill)]
    adapter = f"target-b-{name}"
    asked = [skill for skill in SKILLS if _is_asked(name, skill)]
    training = {**TRAINING, "train.name": adapter, "train.dataset": "data/rows"}
    if steps:
        training["train.max_steps"] = str(steps)
    replay = ["replay", adapter, *common, *_without_others(asked), "split=holdout"]
    taken = {
        "export": ["export", *common, *learned, *_set(ROWS), "data_dir=data", "export.name=rows"],
        "train": ["train", *common, *_set(training)],
        "replay": [*replay, f"run.limit={limit}"],
    }
    seconds = {step: _forge(place, step, words) for step, words in taken.items()}
    for skill in asked:
        # Each skill by itself: so the base model's answers are those of the condition before.
        words = ["evaluate", adapter, *common, *_without_others([skill]), "split=holdout"]
        words += ["suite=roles", "~suites.tool_call", *_set(ASKED), f"suite.limit={limit}"]
        roles = place / ROLES_OF / skill
        roles.mkdir(parents=True, exist_ok=True)
        seconds[f"evaluate {skill}"] = _forge(roles, "evaluate", words)
    done.write_text(json.dumps({"seconds": seconds}, indent=2) + "\n")


def _without_others(skills: Sequence[str]) -> list[str]:
    return [f"~skills.{skill}" for skill in SKILLS if skill not in skills]


def _learns(condition: str, skill: str) -> bool:
    left_out = [without(other) for other in SKILLS if other != skill]
    return condition in (ALL, skill, *left_out)


def _is_asked(condition: str, skill: str) -> bool:
    """Return whether the table needs a condition's answers in a skill; each costs minutes."""
    return condition in (ALL, skill, without(skill))


def _common(folder: Path) -> list[str]:
    """Return what every command is told: where things lie, and which items there are."""
    return [
        *("recipe=target_b", "skill=four", "prompt.context=none"),
        *_set(ITEMS),
        *_set({"forge_home": folder / "home", "budget.ledger": folder / "looks.jsonl"}),
    ]


def _set(values: dict) -> list[str]:
    return [f"{key}='{_escaped(str(value))}'" for key, value in values.items()]


def _escaped(value: str) -> str:
    return value.replace("'", "\\'")


def _prepare(folder: Path, tools: Path, settings: dict) -> None:
    """Make the folder and the teachers' attempts; what is there is kept."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    settings = settings | {"items": ITEMS, "rows": ROWS, "train": TRAINING, "asked": ASKED}
    known = folder / "settings.json"
    if known.exists() and json.loads(known.read_text()) != settings:
        sys.exit(f"target_b: {folder} holds results of other settings: take another folder")
    for name in TOOLS:
        if not (tools / name).is_dir():
            sys.exit(
                f"target_b: {tools / name} is missing: `make tools` and "
                "`forge workset install reasoning` get it, or --tools names another folder"
            )
        if not (home / name).exists():
            (home / name).symlink_to(tools / name)
    known.write_text(json.dumps(settings, indent=2) + "\n")
    for policy in ("gold", "mutated"):
        # One broken answer an item: with more, failures would outnumber passes in every role.
        words = ["run", *_common(folder), f"policy={policy}", "policy.variants=1"]
        _forge(folder, f"run_{policy}", words)


def _forge(place: Path, step: str, words: Sequence[str]) -> float:
    """Run a command of forge in a folder, keep what it says, and return the seconds it took."""
    print(f"{_said(place, step)} …", flush=True)
    began = time.monotonic()
    with (place / f"{step}.log").open("w") as log:
        log.write(" ".join(words) + "\n")
        log.flush()
        ended = subprocess.run([FORGE, *words], cwd=place, stdout=log, stderr=log, env=os.environ)
    took = round(time.monotonic() - began, 1)
    if ended.returncode:
        last = (place / f"{step}.log").read_text().splitlines()[-5:]
        sys.exit("\n".join([*last, f"target_b: stopped; all it said is in {place / step}.log"]))
    print(f"{_said(place, step)} took {took:.0f} s", flush=True)
    return took


def _said(place: Path, step: str) -> str:
    condition = place.parents[1].name if place.parent.name == ROLES_OF else place.name
    return f"{condition}: {step}" + (f" {place.name}" if place.parent.name == ROLES_OF else "")


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where everything is kept")
    parser.add_argument("--tools", type=Path, default=Path(".forge"), help="a forge_home")
    parser.add_argument("--only", default=",".join(CONDITIONS), help="conditions, in this order")
    parser.add_argument("--steps", type=int, default=0, help="of a training at most; 0 is all")
    parser.add_argument("--limit", type=int, default=0, help="items of a skill that are asked")
    parser.add_argument("--prepare", action="store_true", help="make the attempts and end")
    parser.add_argument("--docs", action="store_true", help="put the table into the docs and end")
    asked = parser.parse_args()
    asked.only = [] if asked.prepare else asked.only.split(",")
    if unknown := sorted(set(asked.only) - set(CONDITIONS)):
        parser.error(f"no condition {unknown[0]}; there are {', '.join(CONDITIONS)}")
    return asked


if __name__ == "__main__":
    main()
