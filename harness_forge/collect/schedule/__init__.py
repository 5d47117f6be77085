"""Unattended cycles: when `dvc repro` runs by itself, stops for work, and goes on."""
