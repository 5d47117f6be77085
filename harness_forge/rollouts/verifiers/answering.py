"""Says which items a skill has, and judges answers: a line of JSON in, a line of JSON out.

The prompt, the strict reading of an answer and the judge are those of forge's own runs.
Held-out items are not offered: `forge evaluate` and `forge replay` ask them and keep the
ledger of looks.

    python -m harness_forge.rollouts.verifiers.answering skill=repair run.split=train
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness_forge.config.compose.engine import compose
from harness_forge.config.run import named_split
from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import EvalError, ForgeError
from harness_forge.core.records import Split
from harness_forge.rollouts.environments.environment import Environment
from harness_forge.rollouts.environments.sandbox.pool import cores
from harness_forge.rollouts.judging import judged
from harness_forge.rollouts.opening import open_environment
from harness_forge.rollouts.policies.prompts import worker_messages
from harness_forge.rollouts.runs import catalogue
from harness_forge.store.opening import opened_skill

_OFFERED = (Split.TRAIN, Split.VALIDATION)


def main(overrides: list[str]) -> int:
    """Answer requests until standard input ends; what is wrong with the settings is a line too."""
    # What else prints goes to standard error: this stream is for answers.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    speaking = threading.Lock()

    def say(line: Mapping[str, Any]) -> None:
        with speaking:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()

    try:
        config = compose(None, overrides)
        environment = open_environment(config)
        say({"items": items(config, environment)})
    except ForgeError as error:
        say({"error": str(error)})
        return error.exit_code
    try:
        with ThreadPoolExecutor(cores()) as pool:
            for line in sys.stdin:
                pool.submit(_answer, environment, json.loads(line), say)
    finally:
        environment.close()
    return 0


def items(config: ForgeConfig, environment: Environment) -> list[dict[str, Any]]:
    """Return the items of the split that `run.split` names, each as it is asked.

    Raises:
        EvalError: they are held out, or the split is not named.
        RunError: none is left.
    """
    if (split := named_split(config.run)) not in _OFFERED:
        raise EvalError(
            f"run.split={split.value if split else ''}",
            "held-out items are not offered here",
            "take train or validation; `forge evaluate` asks the others and counts the look",
        )
    with opened_skill(config) as store:
        found = catalogue.refresh(environment, store, config.split)
        chosen = catalogue.select(found, store.splits(), config.run, asks_model=True)
    asked = []
    for item in chosen:
        system, question = worker_messages(item, config.skill.host, prompt=config.prompt)
        texts = {"system": str(system["content"]), "question": str(question["content"])}
        tools = [dict(tool) for tool in environment.tools]
        asked.append({"item": item.item_id, "family": item.family, **texts, "tools": tools})
    return asked


def _answer(environment: Environment, asked: Mapping[str, Any], say) -> None:
    try:
        found = judged(environment, asked["item"], asked["message"], asked["finish"])
    except Exception as error:  # the caller waits for a line, whatever the error is
        what = f"{type(error).__name__}: {error}"
        found = {"passed": False, "value": 0.0, "failure_mode": "unjudgeable"}
        found |= {"summary": what, "infrastructure": True}
    say({"id": asked["id"], "found": found})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
