"""Mirrors what happened to a graph, and says where lines, tips and adapters come from.

It reads the store, the datasets' ledgers, the registry and the ledger of decisions,
so it is on the floor of the report. Without a graph the same questions are answered
from these.
"""
