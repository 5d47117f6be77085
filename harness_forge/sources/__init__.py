"""Readers of foreign records: each yields records of ours, and counts what it could not read."""
