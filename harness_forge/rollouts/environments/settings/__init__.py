"""Items of `skill=settings`: settings of invented services, which no model can know by heart.

`making` writes the questions, `names` what they speak of, and `check` judges a fix and its
revert in the sandbox.
"""
