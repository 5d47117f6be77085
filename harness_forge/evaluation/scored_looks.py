"""lm-eval's looks at a holdout: a candidate that is scored there has spent its look.

Its scores follow what the environment would say closely, so that choosing by them
is choosing by the test. The candidate's replay of the same items is the same look.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.config.suite import SuiteConfig
from harness_forge.evaluation.lmeval.tuned_model import TunedAdapter
from harness_forge.evaluation.questions import Questions
from harness_forge.registry.models.folder import BaseModel
from harness_forge.rollouts.runs.known_looks import known_looks
from harness_forge.store.opening import opened_skill
from harness_forge.store.splits.holdout_ledger import HoldoutLedger
from harness_forge.store.splits.looks import Look

Known = Mapping[str, Sequence[Look]]


def looks_in_store(config: ForgeConfig) -> Known:
    """Return the looks that each skill's store knows of."""
    found = {}
    for one in skills_of(config):
        with opened_skill(one) as store:
            found[store.name] = known_looks(store, Path(config.forge_home), config.model)
    return found


def record(
    config: ForgeConfig,
    suite: SuiteConfig,
    questions: Sequence[Questions],
    base: BaseModel,
    one: TunedAdapter | None,
    known: Known,
    say: Callable[[str], None],
) -> None:
    """Record, before anything is asked, who is scored on which held-out items.

    The same model asked the same items by the same suite is the same look.

    Args:
        one: the candidate; None for the base model, which spends nothing.
        known: looks that the store knows of, by skill.

    Raises:
        EvalError: the ledger cannot be read or written.
    """
    ledger = HoldoutLedger(config.budget, Path(config.forge_home))
    digest = one.digest if one else base.digest
    for each in questions:
        items = list(each.items)
        facts = [suite.name, suite.version, digest, each.content_digest, items]
        look = ledger.record(
            Look(
                skill=each.skill,
                label=f"lm-eval:{one.name if one else base.name}",
                candidate=one.digest if one else None,
                tested=False,
                items=items,
                keys=each.keys,
                content_digest=each.content_digest,
                run_id=f"lm-eval-{sha256(json.dumps(facts).encode()).hexdigest()[:16]}",
            ),
            known.get(each.skill, ()),
            say,
        )
        if look.candidate:
            same = f"a replay of {one.name} on these items is the same look"
            if look.same_as:
                same = f"the same look as that of run {look.same_as}"
            say(f"look {look.number} at the {look.skill} holdout, level {look.alpha:g}: {same}")
