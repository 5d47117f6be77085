"""The settings: dataclasses for every key of a recipe, one file for each group of conf/.

Here stand settings and what a value must be. What is done with them stands in the rooms;
`compose` alone knows Hydra.
"""
