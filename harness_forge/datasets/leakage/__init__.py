"""What must not reach a training row: held-out items, their words, and verdicts that contradict."""
