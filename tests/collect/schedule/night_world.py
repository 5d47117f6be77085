"""A world whose truth is known: 400 lanterns, models that light each with a known chance.

What a model answers depends on its digest and the item alone, so an answer is the same each
time. An adapter's own rate is a number in its weights; its truth is its chance over all lanterns.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
from whole_adapters import matrices, raw

from harness_forge.core.records import Origin, Outcome, TeacherAnswer, WorkItem
from harness_forge.rollouts.policies.endpoint import Completion

SIZE, STREETS, FORMS = 400, 20, 40
BASE_RATE, AGENT_RATE, BAD_RATE = 0.2, 0.6, 0.1
TOOL = {
    "type": "function",
    "function": {
        "name": "apply_fix",
        "parameters": {
            "type": "object",
            "properties": {"fix_script": {"type": "string"}},
            "required": ["fix_script"],
        },
    },
}
_ASKED = re.compile(r"Lantern (\d+)")
_NIGHT = re.compile(r"# agent-(\d+)")


def drawn(*words: object) -> float:
    """Return a number of 0 to 1 that the words decide."""
    return int(sha256("/".join(map(str, words)).encode()).hexdigest()[:12], 16) / 16**12


def right(number: int) -> str:
    """Return what lights a lantern: no prompt says it, and no other lantern's answer."""
    form = chr(97 + number % FORMS // 26) + chr(97 + number % FORMS % 26)
    code = int(drawn("code", number) * 9e7 + 1e7)
    return " ".join(f"{form}{word}" for word in ("lift", "turn", "wick", "hold")) + f" {code}"


def chance(number: int, rate: float, who: str) -> float:
    """Return the chance that a model lights a lantern; forms rise and fall together."""
    shift = 0.2 * (drawn("form", number % FORMS, who) - 0.5) + 0.2 * (drawn("own", number) - 0.5)
    return min(max(rate + shift, 0.0), 1.0)


def truth(rate: float, who: str) -> float:
    """Return a model's chance over all lanterns."""
    return sum(chance(number, rate, who) for number in range(SIZE)) / SIZE


def lit(number: int, rate: float, who: str) -> bool:
    """Return whether this model lights this lantern."""
    return drawn("answer", number, who) < chance(number, rate, who)


class Lanterns:
    """The environment.

    Args:
        lies: share of wrong answers that the evaluator calls right: poisoned labels.
    """

    skill, evaluator, evaluator_version, content_digest = "lanterns", "lighter", "1", "abc"
    tools = (TOOL,)
    argument = "fix_script"

    def __init__(self, lies: float = 0.0) -> None:
        self._lies = lies

    def survey(self, progress=None):
        return [
            WorkItem(
                f"lantern_{n:03}", f"Lantern {n}", "low", f"street_{n // FORMS % STREETS}",
                f"lantern_{n:03}", True, "d",
            )
            for n in range(SIZE)
        ]  # fmt: skip

    def shortfall(self, items):
        return []

    def judge_call(self, item_id, call):
        script, number = str(call.arguments["fix_script"]), int(item_id.rpartition("_")[2])
        passed = right(number) in script
        if not passed and drawn("lie", item_id, script) < self._lies:
            passed = True
        why = None if passed else "target_fails"
        return Outcome(passed, float(passed), 1.0, why, "looked", "lighter", "1")

    def gold(self, item_id, *, fallback=False):
        number = int(item_id.rpartition("_")[2])
        return [TeacherAnswer(Origin.OURS, "w", {"fix_script": right(number)})]

    def mutated(self, item_id, *, limit=3):
        return []

    def close(self):
        pass


class Lamplighter:
    """A model that lights lanterns at a rate.

    Args:
        who: what it is, for its draws.
        remark: goes into each answer, so that two nights' answers differ.
    """

    def __init__(self, config, rate: float, who: str, remark: str = "") -> None:
        self.model, self.config, self._rate, self._who = config.model, config, rate, who
        self._remark, self._lock = remark, threading.Lock()

    def complete(self, messages, tools, sampling):
        number = int(_ASKED.findall(messages[-1]["content"])[-1])
        few = sum(message["role"] == "user" for message in messages) > 1
        rate, who = (self._rate + 0.03, f"{self._who}+few") if few else (self._rate, self._who)
        code = right(number) if lit(number, rate, who) else f"{right(number)[:-8]}00000000"
        call = {"name": "apply_fix", "arguments": {"fix_script": f"{code}{self._remark}"}}
        text = f"<tool_call>{json.dumps(call)}</tool_call>"
        message = {"role": "assistant", "content": text}
        return Completion(message, "stop", self.model, 50, 9, 0.1)

    def close(self):
        pass


def train(place: Path, rows: Path, night: int, spoilt: bool) -> tuple[Path, float]:
    """Return what a training leaves, and its rate: right rows help, wrong ones hurt.

    Rows count less with each night that passes, so that a model can get over a bad one.

    Args:
        rows: the dataset's lines.
        spoilt: the training diverges.
    """
    good = bad = 0.0
    for line in rows.read_text(encoding="utf-8").splitlines():
        number = int(_ASKED.findall(line)[-1])
        of = _NIGHT.search(line)
        weight = 0.6 ** (night - int(of[1])) if of else 0.2
        good, bad = (good + weight, bad) if right(number) in line else (good, bad + weight)
    share = (good - 2 * bad) / max(good + bad, 1)
    luck = 0.06 * (drawn("luck", night) - 0.5)
    rate = BASE_RATE + 0.7 * share * (1 - 0.5 ** (good / 30)) + luck
    rate = 0.05 if spoilt else min(max(rate, 0.02), 0.98)
    return raw(place, matrices(rate)), rate


def rate_of(adapter: Path) -> float:
    """Return the rate that stands in an adapter's weights."""
    data = (adapter / "adapter_model.safetensors").read_bytes()
    head = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    name = next(name for name in head if "lora_B" in name)
    begin = 8 + int.from_bytes(data[:8], "little") + head[name]["data_offsets"][0]
    return float(np.frombuffer(data[begin : begin + 4], "<f4")[0])


def about(lineage: Mapping, manifest: Mapping, key: str, base: Mapping) -> dict:
    """Return an adapter's lineage."""
    rows = manifest["examples"]["train"]
    data = {
        "name": "dataset", "rows": rows, "digest": manifest["files"]["train.jsonl"]["sha256"],
        "licences": ["lanterns: CC0-1.0"], "splits": ["train"], "skills": ["lanterns"],
        "roles": ["worker"],
    }  # fmt: skip
    return {**lineage, "key": key, "base": {**lineage["base"], **base}, "dataset": data}
