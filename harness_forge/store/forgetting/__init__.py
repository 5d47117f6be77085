"""Forgetting: rows that are taken out for good, and the tombstones that keep them out."""
