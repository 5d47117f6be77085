"""Every key of a recipe: one file of dataclasses for each group of conf/. Below all rooms but core.

Here stand settings and what a value must be. What is done with them stands in the rooms;
`compose` alone knows Hydra.
"""
