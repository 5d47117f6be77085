"""The settings: dataclasses for every key of a recipe, one file for each group of conf/.

`schema` joins them; `several` gives the config of each part where a recipe has several
skills, exports or suites. Here are settings and their allowed values; the rooms act on
them. Only `compose` uses Hydra.
"""
