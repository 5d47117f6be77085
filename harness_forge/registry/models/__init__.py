"""Base models: folders of weights, tokenizer and chat template, made here or given by path."""
