"""Base models: folders with weights, tokenizer and chat template, fetched or given by path."""
