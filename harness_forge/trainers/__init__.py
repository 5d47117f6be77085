"""Training: Axolotl configs, rendered, checked on their tokens, launched and watched."""
