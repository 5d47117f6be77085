"""A small dataset as an export writes it, to plant faults in."""

from __future__ import annotations

import hashlib
import json

from harness_forge.config.contamination import ContaminationConfig
from harness_forge.datasets.decontamination.protected import ProtectedTexts, digest

SALT = "small"
HELD = "held_out_rule_one"
QUESTION = (
    "Make sure that the daemon which keeps the clock asks three servers at least, that none of "
    "them is on the local network, and that it is started with the machine every single time."
)


class WrittenDataset:
    """Lines and ledger in memory; `write` makes the files and a manifest that fits them."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.form = "sft"
        self.lines = {"train": [], "validation": []}
        self.ledger = [{"source": "stig.turns:900", "kept": False, "reason": "not_passed"}]
        self.items, self.manifest = [], {}
        self.held = [{"of": digest(SALT, HELD), "words": 0, "needed": 0, "runs": []}]
        texts = [(HELD, HELD), (HELD, QUESTION)]
        self.held += ProtectedTexts.of(texts, ContaminationConfig(), SALT).records()
        for number in range(6):
            self.add(number, "train" if number < 4 else "validation")

    def add(self, number: int, split: str) -> dict:
        item = f"rule_{number}"
        prompt = f"Rule: {item}\nTitle: what the {item} of the host asks for in the year {number}"
        line = {
            "id": hashlib.sha256(item.encode()).hexdigest()[:32],
            "messages": [
                {"role": "system", "content": "You are the worker."},
                {"role": "user", "content": prompt},
                {"role": "assistant", "content": f"set option {number} to {number * 3}"},
            ],
            "tools": "[]",
            **dict.fromkeys(("run_id", "family", "policy", "origin", "evaluator"), "x"),
            "source": f"stig.turns:{number}",
            "item_id": item,
            "split": split,
        }
        self.lines[split].append(line)
        file = f"{split}.jsonl"
        places = [len(self.lines[split])]
        self.ledger.append({"source": line["source"], "kept": True, "file": file, "lines": places})
        self.items.append({"skill": "stig", "item_id": item, "group": item, "split": split})
        return line

    def write(self):
        """Write the files and return the folder."""
        self.folder.mkdir()
        files = {
            **{f"{split}.jsonl": lines for split, lines in self.lines.items()},
            "ledger.jsonl": self.ledger,
            "items.jsonl": self.items,
            "held_out.jsonl": self.held,
        }
        facts = {}
        for name, lines in files.items():
            data = "".join(json.dumps(line) + "\n" for line in lines).encode()
            (self.folder / name).write_bytes(data)
            sha256 = hashlib.sha256(data).hexdigest()
            facts[name] = {"lines": len(lines), "bytes": len(data), "sha256": sha256}
        kept = sum(line["kept"] for line in self.ledger)
        rejected = len(self.ledger) - kept
        manifest = {
            "skill": "stig",
            "format": self.form,
            "rows": {"read": kept + rejected, "kept": kept, "rejected": {"not_passed": rejected}},
            "examples": {split: len(lines) for split, lines in self.lines.items()},
            "files": facts,
            "held_out": {"salt": SALT, "items": 1, "texts": 2},
            "redaction": {"settings": {"enabled": True}},
            **self.manifest,
        }
        (self.folder / "manifest.json").write_text(json.dumps(manifest))
        return self.folder
