"""Base models, adapters, champions, decisions, versions: what exists and which is current."""
