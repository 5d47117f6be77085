"""SQL over attempts and turns, made into examples and preference pairs."""
