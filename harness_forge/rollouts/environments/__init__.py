"""Deterministic worlds in which work items are attempted and judged."""
