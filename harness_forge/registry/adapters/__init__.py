"""Adapters: the result of a training, packaged with its card, lineage and hashes."""
