"""Items of `skill=repair`: small functions of ours with a planted fault, and what they must return.

families.py  the functions, their faults, and values to try them on
making.py    items out of them, the same for the same seed
check.py     judges an answer in the sandbox
"""
