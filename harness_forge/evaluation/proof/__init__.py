"""Proof that an adapter loads, fits its base model, and changes what the model says."""
