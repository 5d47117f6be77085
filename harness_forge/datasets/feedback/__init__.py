"""Weights of training rows from what was measured on validation."""
