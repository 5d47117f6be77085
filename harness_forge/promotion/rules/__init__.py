"""Decides whether a candidate becomes champion.

rule.py        reads a rule, and refuses one that asks for what does not exist
evidence.py    the evidence, checked to be about the candidate
scores.py      suites, categories and metrics of an evaluation
conditions.py  one finding for each condition, groups included
paired.py      conditions on the replay
scored.py      conditions on suites
findings.py    verdicts, and how they are shown
decision.py    findings to promoted, rejected, inconclusive or incomplete
"""
