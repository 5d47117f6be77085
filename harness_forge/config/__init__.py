"""The settings: dataclasses for every key of a recipe, one file for each group of conf/.

Here are settings and their allowed values; the rooms act on them. Only `compose` uses
Hydra.
"""
