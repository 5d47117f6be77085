"""Generated attempts for measuring: the texts of months of runs, in minutes.

Every row is drawn from one seed, so that the same number of rows is the same
store everywhere. An attempt holds about 2.8 KB of text. Shares that filters
meet in real life are kept: a few percent failed, were said before word for
word or nearly so, hold a secret, were cut, or go round in circles.

    python tests/bench/attempts.py postgresql://… 10000
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from typing import NamedTuple

from harness_forge.core.records import Split, WorkItem
from harness_forge.store.database import Store

SKILL = "bench"
ITEMS, FAMILIES, TRIES = 500, 40, 4
PER_RUN = ITEMS * TRIES
SHARES = {"failed": 0.05, "again": 0.03, "nearly": 0.05, "secret": 0.02, "cut": 0.01, "round": 0.02}

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "apply_fix",
            "description": "Run a script as root that brings the machine in line with the rule.",
            "parameters": {
                "type": "object",
                "properties": {
                    "fix_script": {"type": "string", "description": "What to run."},
                    "revert_script": {"type": "string", "description": "What undoes it."},
                    "description": {"type": "string", "description": "What it does, in a word."},
                },
                "required": ["fix_script", "revert_script", "description"],
            },
        },
    }
]
SYSTEM = (
    "You are the worker of a harness that hardens Linux machines. You are given one rule and "
    "what was tried before. Call apply_fix exactly once with a short POSIX shell script that "
    "changes the setting in its file and nothing else. Keep other settings as they are."
)
VERBS = ("sed -i", "grep -q", "install -m", "chmod", "chown", "systemctl", "sysctl -w", "augtool")
PLACES = (
    "/etc/ssh/sshd_config",
    "/etc/audit/rules.d",
    "/etc/security",
    "/etc/pam.d",
    "/etc/sysctl.d",
)
NOUNS = [
    "limit",
    "audit",
    "login",
    "banner",
    "cipher",
    "kernel",
    "mount",
    "module",
    "package",
    "password",
    "session",
    "timer",
]
SECRETS = (
    "export TOKEN=ghp_{}",
    "curl -u admin:{} http://build-{}.corp.example/",
    "mail -s done ops-{}@corp.example",
    "ssh root@10.{}.12.7",
)


class Row(NamedTuple):
    """What is drawn for one attempt."""

    prompt: str
    script: str
    passed: bool
    cut: bool


def words(draw: random.Random, count: int) -> str:
    """Return words that no template repeats."""
    return " ".join(f"{draw.choice(NOUNS)}{draw.randrange(10_000)}" for _ in range(count))


def command_lines(draw: random.Random, count: int) -> list[str]:
    """Return lines of shell, as different from each other as those of real scripts."""
    return [
        f"{draw.choice(VERBS)} '{words(draw, 2)}' {draw.choice(PLACES)}/{draw.choice(NOUNS)}"
        f"{draw.randrange(1000)} || echo {words(draw, 1)}"
        for _ in range(count)
    ]


def rows(count: int, seed: int) -> Iterator[Row]:
    """Yield the rows, in order."""
    draw = random.Random(seed)
    lines, tales = command_lines(draw, 20_000), [words(draw, 12) for _ in range(20_000)]
    before: dict[int, tuple[str, list[str]]] = {}
    kinds, weights = [*SHARES, "plain"], [*SHARES.values(), 1 - sum(SHARES.values())]
    for number in range(count):
        kind, item = draw.choices(kinds, weights)[0], number % ITEMS
        tale = "\n".join(draw.choices(tales, k=5))
        prompt = f"Rule {item}: {tales[item]}\nTried before:\n{tale}"
        script = draw.choices(lines, k=13)
        if item in before and kind in ("again", "nearly"):
            prompt, script = before[item]
            if kind == "nearly":
                script = [*script[:-1], f"{script[-1]} # {words(draw, 1)}"]
        elif kind == "secret":
            script[3] = draw.choice(SECRETS).replace("{}", str(draw.randrange(10**12)))
        elif kind == "round":
            script = script[:2] * 7
        if kind == "plain":
            before[item] = prompt, script
        yield Row(prompt, "\n".join(script), kind != "failed", kind == "cut")


def fill(store: Store, count: int, seed: int = 20261121) -> None:
    """Write `count` attempts into the skill `bench`, whose schema is made."""
    store.upgrade(SKILL)
    skill = store.skill(SKILL)
    items = [
        WorkItem(f"rule_{n}", f"Rule {n}", "medium", f"family_{n % FAMILIES}", f"group_{n}", True)
        for n in range(ITEMS)
    ]
    skill.upsert_items(items)
    sides = {
        item.group_key: Split.TRAIN if n % 5 else Split.VALIDATION for n, item in enumerate(items)
    }
    skill.assign_splits(sides, "bench")
    with store.engine.begin() as connection:
        _copy(connection.connection.driver_connection, count, seed)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _copy(connection, count: int, seed: int) -> None:
    connection.execute(f"SET search_path = {SKILL}")
    runs = [f"run_{n}" for n in range((count + PER_RUN - 1) // PER_RUN)]
    for run in runs:
        connection.execute(
            "INSERT INTO runs (id, skill, policy, purpose, status) "
            "VALUES (%s, %s, 'model:bench', 'collect', 'complete')",
            [run, SKILL],
        )
    connection.execute(
        "INSERT INTO work_items (run_id, item_id, title, category, family, group_key, severity)"
        " SELECT r.id, i.item_id, i.title, i.family, i.family, i.group_key, i.severity"
        " FROM runs r CROSS JOIN items i"
    )
    cursor = connection.cursor()
    attempts = (
        "COPY attempts (id, run_id, item_id, attempt_num, eval_passed, outcome_value,"
        " outcome_confidence, evaluator, evaluator_version, origin, model, tool_call) FROM STDIN"
    )
    with cursor.copy(attempts) as copy:
        for number, row in enumerate(rows(count, seed)):
            copy.write_row(
                (
                    *_key(number),
                    row.passed,
                    float(row.passed),
                    0.9,
                    "bench",
                    "1",
                    "model",
                    "bench",
                    None if row.cut else json.dumps(_call(row)),
                )
            )
    turns = (
        "COPY turns (attempt_id, run_id, item_id, attempt_num, agent, decisive, model,"
        " finish_reason, messages, tools, response) FROM STDIN"
    )
    with cursor.copy(turns) as copy:
        for number, row in enumerate(rows(count, seed)):
            copy.write_row((*_key(number), "worker", True, "bench", *_turn(row)))


def _key(number: int) -> tuple[int, str, str, int]:
    """Return attempt id, run, item and number of the try."""
    run, within = divmod(number, PER_RUN)
    return number + 1, f"run_{run}", f"rule_{within % ITEMS}", within // ITEMS + 1


def _turn(row: Row) -> tuple[str, str, str, str]:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": row.prompt}]
    call = _call(row)
    function = {"name": call["name"], "arguments": json.dumps(call["arguments"])}
    response = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_0", "type": "function", "function": function}],
    }
    reason = "length" if row.cut else "tool_calls"
    return reason, json.dumps(messages), json.dumps(TOOLS), json.dumps(response)


def _call(row: Row) -> dict:
    undo = "cp -a /var/backups/forge/* /etc/"
    told = {"fix_script": row.script, "revert_script": undo, "description": row.prompt[:40]}
    return {"name": "apply_fix", "arguments": told}


if __name__ == "__main__":
    with Store(sys.argv[1]) as opened:
        fill(opened, int(sys.argv[2]))
