"""What exists and which is current: base models, adapters, champions, decisions, versions."""
