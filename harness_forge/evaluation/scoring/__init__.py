"""Deterministic checks of an answer: calls, scripts, words, roles, a small tracker of beads.

These files are copied beside an lm-eval task and run in lm-eval's own Python, so
they import only the standard library and each other. They run nothing that a model
wrote.

checks.py  which check an item asks for, and its scores
calls.py   tool calls parsed from an answer, matched as BFCL's AST check does
shell.py   scripts parsed by bash itself
words.py   labels, numbers, words and their order
roles.py   an architect's verdict, a reflector's structure
beads.py   calls applied to a list of beads
"""
