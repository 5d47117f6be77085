"""Decides whether a candidate becomes champion, and keeps the record of it.

config.py      the rule: named conditions, and how a champion is numbered
rule.py        a rule read, refused where it asks for what there is not
evidence.py    what it rests on, checked for whose it is
scores.py      suites, categories and metrics of an evaluation
intervals.py   of scores, and of their differences
conditions.py  what each kind of condition comes to, groups included
paired.py      those on the replay
scored.py      those on suites
findings.py    verdicts, and how they are shown
decision.py    findings to promoted, rejected, inconclusive or incomplete
ledger.py      the append-only, chained record of decisions
champion.py    who stands, who stood before
versions.py    what a champion is called
"""
