"""Adapters: what training made, packaged with its card, lineage and hashes."""
