"""Phrases of prompts that go with one outcome: how poisoned rows may look."""
