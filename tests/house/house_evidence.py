"""Invented evidence about adapters: what training, proof, evaluation and replay leave.

The numbers are made up and fixed; only their counts agree with the results item by item,
as a promotion demands.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from hashlib import sha256
from math import comb
from pathlib import Path

NAME = "lamp-worker"
BASELINES = {"base": 0, "few_shot": 1, "nearest": 2, "template": 2, "extractive": 2}
"""How many of each ten items a baseline passes."""
ITEMS = 100
NEW_FAMILIES_FROM = 80
BASE = {"name": "small-1b", "title": "A small model", "licence": "MIT", "digest": "b" * 64}


@dataclass(frozen=True)
class Candidate:
    """One adapter; another weight is another adapter.

    Args:
        share: of each ten items it passes.
        look: counts the looks at the holdout from 1.
    """

    weight: float
    share: int
    look: int
    proven: bool = True
    valid_call: float = 0.9

    def write(self, home: Path, outputs: Path) -> str:
        """Write all its files; return its digest."""
        digest = self._adapter(home / "adapters")
        self._replay(home, outputs, digest)
        logits = {"kl_nats": 0.2}
        _summary(outputs / "prove.json", digest, passed=self.proven, logits=logits)
        told = {"adapter": self.valid_call, "base": 0.1}
        _summary(
            outputs / "evaluate.json",
            digest,
            split="holdout",
            suite="tool_call",
            version=1,
            metrics=["valid_call"],
            labels={label: {"all": {"items": 100, "valid_call": told[label]}} for label in told},
        )
        return digest

    def _adapter(self, registry: Path) -> str:
        """Write a packaged adapter, and the name that leads to it."""
        facts = {"base_model_name_or_path": BASE["name"], "r": 2, "target_modules": ["q"]}
        config = json.dumps(facts, indent=1, sort_keys=True) + "\n"
        tensors = {"a.lora_A.weight": [0.5, 0.5], "a.lora_B.weight": [0.0, self.weight]}
        weights = safetensors(tensors)
        digest = sha256(config.encode() + weights).hexdigest()
        lineage = {
            "name": NAME,
            "digest": digest,
            "key": f"k{self.look}",
            "base": BASE,
            "dataset": {"name": "lamps", "rows": 30, "digest": "d" * 64, "licences": []},
            "train": {"adapter": "lora", "rank": 2, "alpha": 4, "hardware": "cpu"},
            "audit": {"rows": 3, "tokens": 30, "trained": 9},
            "measured": {"steps": 5, "seconds": 2.0, "first_loss": 2.0, "last_loss": 1.0},
            "forge_version": "0.1.0",
        }
        folder = registry / f"{NAME}-{digest[:12]}"
        folder.mkdir(parents=True)
        (folder / "adapter_config.json").write_text(config)
        (folder / "adapter_model.safetensors").write_bytes(weights)
        (folder / "lineage.json").write_text(json.dumps(lineage, indent=1) + "\n")
        (folder / "README.md").write_text("An adapter that was never trained.\n")
        link = registry / NAME
        link.unlink(missing_ok=True)
        link.symlink_to(folder.name)
        return digest

    def _replay(self, home: Path, outputs: Path, digest: str) -> None:
        """Write the results item by item, their sums, and the look at the holdout."""
        run = f"run-{digest[:6]}"
        shares = {"adapter": self.share, **BASELINES}
        (outputs / "replay").mkdir(parents=True, exist_ok=True)
        for label, share in shares.items():
            lines = [json.dumps(_result(number, share)) + "\n" for number in range(ITEMS)]
            (outputs / "replay" / f"{label}.jsonl").write_text("".join(lines))
        _summary(
            outputs / "replay.json",
            digest,
            split="holdout",
            policies={label: _rates(share, run) for label, share in shares.items()},
            comparisons={
                f"adapter_vs_{label}": _pairs(self.share, share)
                for label, share in BASELINES.items()
            },
        )
        look = {
            "skill": "lamps",
            "label": f"model:{NAME}",
            "candidate": digest,
            "items": [_result(number, 0)["item_id"] for number in range(ITEMS)],
            "content_digest": "c" * 64,
            "run_id": run,
            "time": f"2026-03-{self.look:02}T05:00:00+00:00",
            "number": self.look,
            "alpha": 0.05 / 2**self.look,
            "size": ITEMS,
            "tested": True,
        }
        ledger = home / "ledger" / "looks.jsonl"
        ledger.parent.mkdir(parents=True, exist_ok=True)
        with ledger.open("a") as file:
            file.write(json.dumps(look) + "\n")


def _summary(path: Path, digest: str, **facts) -> None:
    candidate = {"name": NAME, "digest": digest}
    path.write_text(json.dumps({"candidate": candidate, **facts}, indent=1))


def _result(number: int, share: int) -> dict:
    passed = number % 10 < share
    script = f"light {number}" if share else None
    return {
        "skill": "lamps",
        "item_id": f"lamp_{number:03}",
        "title": f"Lamp {number} must be lit",
        "family": f"street_{number // 10}",
        "group_key": f"group_{number}",
        "part": "new_rule" if number < NEW_FAMILIES_FROM else "new_family",
        "passed": passed,
        "infrastructure": False,
        "failure_mode": None if passed else ("target_fails" if share else "unparsable"),
        "answer": f"<tool_call>{script}</tool_call>",
        "script": script,
        "prompt_tokens": 100,
        "completion_tokens": 20,
    }


def _parts() -> dict[str, int]:
    late = ITEMS - NEW_FAMILIES_FROM
    return {"new_rule": NEW_FAMILIES_FROM, "new_family": late, "all": ITEMS}


def _rates(share: int, run: str) -> dict:
    return {
        part: {
            "items": items,
            "passed": items * share // 10,
            "rate": share / 10,
            "low": max(0.0, share / 10 - 0.1),
            "high": share / 10 + 0.1,
            "infrastructure": 0,
            "tokens_per_attempt": 120.0,
            "answer_tokens_per_attempt": 20.0,
            "run_id": run,
        }
        for part, items in _parts().items()
    }


def _pairs(own: int, other: int) -> dict:
    """Return what the two come to: each passes the first of every ten items."""
    found = {}
    for part, items in _parts().items():
        tens = items // 10
        first, second = tens * max(own - other, 0), tens * max(other - own, 0)
        found[part] = {
            "pairs": items,
            "both": tens * min(own, other),
            "only_first": first,
            "only_second": second,
            "neither": tens * (10 - max(own, other)),
            "difference": (own - other) / 10,
            "low": (own - other) / 10 - 0.05,
            "high": (own - other) / 10 + 0.05,
            "p_mcnemar": _mcnemar(first, second),
            "p_mcnemar_greater": _mcnemar(first, second) / 2 if own > other else 1.0,
            "p_clusters": 2.0 / 2**tens if own != other else 1.0,
            "p_clusters_greater": 1.0 / 2**tens if own > other else 1.0,
            "left_out": 0,
        }
    return found


def _mcnemar(first: int, second: int) -> float:
    """Return the exact two-sided p of so many discordant pairs."""
    both, less = first + second, min(first, second)
    return min(1.0, 2 * sum(comb(both, k) for k in range(less + 1)) / 2**both)


def safetensors(tensors: dict[str, list[float]]) -> bytes:
    """Return float32 vectors in the safetensors format."""
    head, data = {}, b""
    for name, values in tensors.items():
        raw = struct.pack(f"<{len(values)}f", *values)
        offsets = [len(data), len(data) + len(raw)]
        head[name] = {"dtype": "F32", "shape": [len(values)], "data_offsets": offsets}
        data += raw
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + data
