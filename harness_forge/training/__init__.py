"""Adapters trained with Axolotl: a checked dataset in, an adapter folder with its lineage out."""
