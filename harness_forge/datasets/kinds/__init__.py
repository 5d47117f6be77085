"""Export kinds: make examples or preference pairs of rows."""
