"""Gold sets: examples that people wrote, in YAML, each used only when somebody reviewed it.

sets.py      a file's rows, and the state of each
reviews.py   the reviews at a file's end, and how one is added
"""
