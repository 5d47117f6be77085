"""Weights training rows by failures measured on validation."""
