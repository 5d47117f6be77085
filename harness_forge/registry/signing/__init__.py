"""Signatures of adapters and reviews: an EC key of your own, no service, no network."""
