"""The health of a loop: what changed in the last days, what raises an alert, and its metrics."""
