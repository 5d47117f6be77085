"""Trains adapters with Axolotl: from a checked dataset to an adapter folder with its lineage."""
