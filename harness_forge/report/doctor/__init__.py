"""Whether a machine can run the loop: one line a check, each with its remedy."""
