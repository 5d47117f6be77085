"""Prevents leakage: held-out items, their texts, and contradicting verdicts."""
