"""Runs: a policy acts in an environment and everything is written to the store.

This floor joins the families that know nothing of each other.
"""
