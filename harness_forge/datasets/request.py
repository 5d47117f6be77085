"""The request and the report of an export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.config.contamination import ContaminationConfig
from harness_forge.config.duplicates import DuplicatesConfig
from harness_forge.config.engine import EngineConfig
from harness_forge.config.export import ExportConfig
from harness_forge.config.filters import FiltersConfig
from harness_forge.config.format import Turns
from harness_forge.config.redaction import RedactionConfig
from harness_forge.datasets.feedback.weights import Feedback
from harness_forge.datasets.ledger import ranked
from harness_forge.datasets.pair_counts import PairCount

if TYPE_CHECKING:
    from harness_forge.datasets.redaction.recognised import RecognisedSecrets
    from harness_forge.store.skill import SkillStore

SPLITS = ("train", "validation")


@dataclass(frozen=True)
class ExportPart:
    """One part of an export: the rows of one role in one skill.

    Args:
        store: the skill's part of the store.
        role: of the turns.
        config: which rows, and as what.
        key: of `config` in the recipe, for faults.
    """

    store: SkillStore
    role: str
    config: ExportConfig
    key: str = "export"

    @property
    def skill(self) -> str:
        """The skill's name."""
        return self.store.name


@dataclass(frozen=True)
class Treatment:
    """What is done to rows besides their recipe's SQL.

    Args:
        filters: settings of the filters; None for none.
        tokenizer: the base model's tokenizer.json or its folder.
        model: the base model's name, for faults.
        redaction: what is replaced; None for nothing.
        key: of the pseudonyms; it is never written.
        recognised: secrets found anywhere in the store, which are replaced in every row.
        duplicates: what counts as the same row twice.
        contamination: what of evaluations no row may hold.
        scores: what `forge judge` gave answers, by the key of their verdicts.
        seed: of every draw.
        feedback: what went wrong on validation, which weights the training
            rows; None weights none.
    """

    filters: FiltersConfig | None = None
    tokenizer: Path | None = None
    model: str = ""
    redaction: RedactionConfig | None = None
    key: bytes = field(default=b"", repr=False)
    recognised: RecognisedSecrets | None = field(default=None, repr=False)
    duplicates: DuplicatesConfig = field(default_factory=lambda: DuplicatesConfig(near=False))
    contamination: ContaminationConfig = field(
        default_factory=lambda: ContaminationConfig(enabled=False)
    )
    scores: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    feedback: Feedback | None = None


@dataclass(frozen=True)
class ExportRequest:
    """The settings of an export, besides its parts.

    Args:
        data_dir: folder that datasets are written to; `name` is the dataset's.
        skill, role, format: as composed; they go into the manifest.
        licences: one line for each source that the prompts quote.
        extension: how data files end, and so what they are.
        turns: what a line holds of a conversation, in formats that have room for several turns.
        engine: where rows are prepared.
        treatment: what is done to rows on the way.
        filled_by: the command that brings rows of the skill into the store.
        asking_the_same: items of training that ask what validation asks, or nearly.
    """

    data_dir: Path
    name: str
    skill: str
    role: str
    format: str
    licences: Sequence[str] = ()
    extension: str = "jsonl"
    turns: Turns = Turns.conversation
    engine: EngineConfig = field(default_factory=lambda: EngineConfig(workers=0))
    treatment: Treatment = field(default_factory=Treatment)
    filled_by: str = "forge run"
    asking_the_same: Set[str] = frozenset()


@dataclass
class Share:
    """The counts of one part.

    Args:
        read, kept: rows.
        examples: lines by split.
        rejected: rows by reason, most frequent first.
        pairs: what was and what was not made of pairs; None of kinds that pair nothing.
    """

    skill: str
    role: str
    read: int = 0
    kept: int = 0
    examples: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SPLITS, 0))
    rejected: dict[str, int] = field(default_factory=dict)
    pairs: PairCount | None = None


@dataclass
class ExportReport:
    """The report of an export.

    Args:
        path: the dataset's folder, also of one that was only counted.
        parts: one for each role of each skill, in the order they were written.
        files: lines, bytes and sha256 by name; empty where nothing was written.
        decided: what filters counted of their own work, by name.
        sudden: a sentence for each source whose share jumped against the dataset before.
        undivided: a sentence for each skill of which nearly all items count as one task.
    """

    path: Path
    parts: list[Share] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    decided: dict[str, dict[str, int]] = field(default_factory=dict)
    sudden: list[str] = field(default_factory=list)
    undivided: list[str] = field(default_factory=list)

    @property
    def read(self) -> int:
        """Rows read, of all parts."""
        return sum(part.read for part in self.parts)

    @property
    def kept(self) -> int:
        """Rows kept, of all parts."""
        return sum(part.kept for part in self.parts)

    @property
    def examples(self) -> dict[str, int]:
        """Lines by split, of all parts."""
        return {split: sum(part.examples[split] for part in self.parts) for split in SPLITS}

    @property
    def rejected(self) -> dict[str, int]:
        """Rows by reason, of all parts, most frequent first."""
        return ranked(sum((Counter(part.rejected) for part in self.parts), Counter()))

    @property
    def pairs(self) -> PairCount | None:
        """Pairs of all parts; None where no part pairs anything."""
        counted = [part.pairs for part in self.parts if part.pairs is not None]
        return PairCount.of(counted) if counted else None
