"""Deterministic checks of an answer: calls, scripts, words, roles, a small world of beads.

These files are copied beside an lm-eval task and run in lm-eval's own Python,
so they import nothing but the standard library and each other. Nothing that a
model wrote is run here.

checks.py  which check an item asks for, and what it scores
calls.py   tool calls read from an answer, matched as BFCL's AST check does
shell.py   scripts read by bash's own parser
words.py   labels, numbers, words and their order
roles.py   an architect's verdict, a reflector's structure
beads.py   calls played on a list of beads
"""
