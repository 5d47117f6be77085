"""Formats of a dataset's lines, and the folder they are written to.

lines.py      the table of formats
messages.py   chat messages with tools: sft, dpo, kto, grpo
plain.py      prompt and completion, Alpaca
sharegpt.py   ShareGPT
folder.py     where lines are written to;  card.py: what the folder says of itself
"""
