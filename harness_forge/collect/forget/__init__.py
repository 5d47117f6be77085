"""Forgetting as a whole: rows of the store, and what was made of them on disk."""
