"""Decides whether a candidate becomes champion, and keeps the record of it.

config.py      the rule: named conditions
evidence.py    what it rests on, checked for whose it is
conditions.py  one function for each kind of condition
decision.py    findings to promoted, rejected, inconclusive or incomplete
ledger.py      the append-only, chained record of decisions
champion.py    who stands, who stood before
"""

from harness_forge.promoters.conditions import Finding, Verdict
from harness_forge.promoters.config import ConditionConfig, ConditionKind, Opponent, PromoteConfig
from harness_forge.promoters.decision import Outcome, Ruling, decide
from harness_forge.promoters.evidence import Candidate, Champion, Evidence, Gap

__all__ = [
    "Candidate",
    "Champion",
    "ConditionConfig",
    "ConditionKind",
    "Evidence",
    "Finding",
    "Gap",
    "Opponent",
    "Outcome",
    "PromoteConfig",
    "Ruling",
    "Verdict",
    "decide",
]
