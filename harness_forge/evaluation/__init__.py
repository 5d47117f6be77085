"""Evaluation: statistics, paired comparisons, replay, proof, judges, lm-eval suites."""
