"""What evaluations come to: statistics, paired comparisons, the ledger of looks, lm-eval suites.

An evaluator reads `EvalResult` records; it asks no model and opens no store.
"""
