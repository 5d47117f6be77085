"""Runs: a policy attempts items in an environment, and the store keeps every attempt."""
