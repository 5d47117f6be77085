"""Items of `skill=reasoning`: questions of the library reasoning-gym, judged by its own scorers.

library.py   a generator's questions, by its name and a seed
making.py    items by generator, seed and place
check.py     judges an answer in the sandbox, with library.py
"""
