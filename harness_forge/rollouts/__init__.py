"""Runs: a policy acts in an environment, and the store keeps every attempt.

Environments and policies do not import each other; `runs/` and `opening` join them.
"""
