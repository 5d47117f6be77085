"""What a recipe takes in before its runs."""
