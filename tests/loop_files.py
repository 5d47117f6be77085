"""A project's folder as the loop leaves it, made of our own words and real statistics."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

from harness_forge.config.budget import BudgetConfig
from harness_forge.core.results import EvalResult
from harness_forge.evaluation import result_files
from harness_forge.evaluation.comparison import compare
from harness_forge.evaluation.rates import rates
from harness_forge.registry.adapters import package
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.store.splits.looks import Look

LABELS = ("adapter", "base", "few_shot", "nearest", "template", "extractive")
SHARES = {"adapter": 5, "base": 0, "few_shot": 1, "nearest": 2, "template": 2, "extractive": 2}
"""How many of each ten items a label passes."""
LINEAGE = {
    "key": "k1",
    "base": {"name": "small", "title": "A small model", "licence": "MIT", "digest": "b" * 64},
    "dataset": {"name": "lamps", "rows": 30, "digest": "d" * 64, "licences": ["lamps: CC0-1.0"]},
    "train": {"adapter": "lora", "rank": 2, "alpha": 4, "hardware": "cpu", "precision": "float32"},
    "audit": {"rows": 3, "tokens": 30, "trained": 9},
    "measured": {"steps": 5, "seconds": 2.0, "first_loss": 2.0, "last_loss": 1.0},
    "forge_version": "0.1.0",
}


@dataclass
class Loop:
    """The folder, and what its adapter is called."""

    root: Path
    home: Path
    name: str = "lamp-worker"
    digest: str = ""

    @property
    def outputs(self) -> Path:
        """Return the folder of stage outputs."""
        return self.root / "outputs"

    def train(self, weight: float = 0.25) -> str:
        """Package an adapter; another weight is another adapter."""
        source = self.root / f"trained-{weight}"
        source.mkdir()
        facts = {"base_model_name_or_path": "small", "target_modules": ["q"], "r": 2}
        (source / "adapter_config.json").write_text(json.dumps(facts))
        tensors = {"a.lora_A.weight": [0.5, 0.5], "a.lora_B.weight": [0.0, weight]}
        safetensors(source / "adapter_model.safetensors", tensors)
        adapter = package.package(source, self.name, self.home / "adapters", LINEAGE)
        place = self.outputs / "adapters" / "sft"
        place.mkdir(parents=True, exist_ok=True)
        for file in adapter.folder.iterdir():
            (place / file.name).write_bytes(file.read_bytes())
        self.digest = adapter.digest
        return adapter.digest

    def replay(self, split: str = "holdout", shares: dict[str, int] | None = None) -> None:
        """Judge every label on every item, look in the ledger included."""
        told = {label: judged((SHARES | (shares or {}))[label], split) for label in LABELS}
        run = f"run-{self.digest[:6]}-{split}"
        for label in LABELS:
            result_files.write(self.outputs / "replay" / f"{label}.jsonl", told[label])
        if split == "holdout":
            items = [one.item_id for one in told["adapter"]]
            look = Look("lamps", f"model:{self.name}", self.digest, items, "c" * 64, run)
            looks(self.home).record(look)
        self.write(
            "replay",
            split=split,
            policies={
                label: {
                    part: {**rate.as_dict(), "run_id": run} for part, rate in rates(found).items()
                }
                for label, found in told.items()
            },
            comparisons={
                f"adapter_vs_{label}": compare(
                    told["adapter"], told[label], resamples=200
                ).as_dict()
                for label in LABELS[1:]
            },
        )

    def prove(self, passed: bool = True) -> None:
        """Write the proof."""
        self.write("prove", passed=passed, logits={"kl_nats": 0.2})

    def evaluate(self, adapter: float = 0.9, base: float = 0.1) -> None:
        """Write what lm-eval came to."""
        told = {"adapter": adapter, "base": base}
        labels = {label: {"all": {"items": 100, "valid_call": told[label]}} for label in told}
        facts = {"suite": "tool_call", "version": 1, "metrics": ["valid_call"]}
        self.write("evaluate", split="holdout", labels=labels, **facts)

    def write(self, name: str, **facts) -> None:
        """Write one summary about the adapter."""
        who = {"name": self.name, "digest": self.digest}
        self.outputs.mkdir(exist_ok=True)
        text = json.dumps({"candidate": who, **facts}, indent=1)
        (self.outputs / f"{name}.json").write_text(text)


def looks(home: Path) -> HoldoutLedger:
    """Return the ledger in a forge home: where it was kept first, it still counts."""
    return HoldoutLedger(BudgetConfig(ledger=str(home / "ledger" / "looks.jsonl")))


def whole(root: Path, weight: float = 0.25) -> Loop:
    """Return a folder in which everything up to the decision is there."""
    loop = Loop(root, root / "home")
    loop.train(weight)
    loop.replay()
    loop.prove()
    loop.evaluate()
    return loop


def judged(share: int, split: str = "holdout") -> list[EvalResult]:
    """Return one policy's results: 80 items in 8 families, 20 more in 2 new families."""
    return [item(number, share, split) for number in range(100)]


def item(number: int, share: int, split: str) -> EvalResult:
    """Return one result; `share` of each ten items pass."""
    family = f"floor_{number // 10}"
    held_out = "new_rule" if number < 80 else "new_family"
    passed = number % 10 < share
    script = f"echo lit > /lamp/{number}" if share else None
    return EvalResult(
        skill="lamps",
        item_id=f"lamp_{number:03}",
        title=f"Lamp {number} <b>must</b> be lit & bright",
        family=family,
        group_key=f"group_{number}",
        part=held_out if split == "holdout" else split,
        passed=passed,
        infrastructure=False,
        failure_mode=None if passed else ("target_fails" if share else "unparsable"),
        answer=f"<tool_call>{script}</tool_call>" if share else "<script>alert('no')</script>",
        script=script,
        prompt_tokens=100,
        completion_tokens=20,
        # Of seven: if all clusters did alike, a bootstrap would have no width.
        cluster=f"form_{number // 7}",
    )


def safetensors(path: Path, tensors: dict[str, list[float]]) -> None:
    """Write float32 vectors in the safetensors format."""
    head, data = {}, b""
    for name, values in tensors.items():
        raw = struct.pack(f"<{len(values)}f", *values)
        offsets = [len(data), len(data) + len(raw)]
        head[name] = {"dtype": "F32", "shape": [len(values)], "data_offsets": offsets}
        data += raw
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def lines(path: Path) -> list[dict]:
    """Return the lines of a JSONL file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def dataset(loop: Loop) -> None:
    """Write what an export leaves beside the rows, and the training's curve."""
    folder = loop.root / "data" / "dataset"
    folder.mkdir(parents=True)
    rejected = {"not_passed": 120, "held_out": 40}
    manifest = {
        "dataset": "dataset",
        "skill": "lamps",
        "role": "worker",
        "format": "sft",
        "watermark": {"hash": "w" * 32},
        "rows": {"read": 200, "kept": 40, "rejected": rejected},
        "examples": {"train": 30, "validation": 10},
        "files": {"train.jsonl": {"sha256": "d" * 64}},
        "seen": {"evaluators": {"lampmeter 1.0": 40}},
        "licences": ["lamps: CC0-1.0"],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    told = [{"kept": True}] * 40
    told += [{"kept": False, "reason": why} for why, n in rejected.items() for _ in range(n)]
    (folder / "ledger.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in told))
    live = loop.outputs / "live" / "sft" / "plots" / "metrics"
    live.mkdir(parents=True)
    rows = [f"{step}\t{2.5 / step:.4f}" for step in range(1, 101)]
    (live / "loss.tsv").write_text("\n".join(["step\tloss", *rows]) + "\n")
