"""Composes a recipe and overrides into one checked ForgeConfig; the only user of Hydra.

project.py     where recipes and groups lie
overrides.py   the command line: keys checked, sweeps, shorthands
files.py       one YAML file checked by itself: file, line, key
yaml_lines.py  reads a file with the line of each key
choices.py     the choices of groups, and what was meant by an unknown one
unquoted.py    keys that YAML takes for no text
check.py       a value against a type
shapes.py      frozen dataclasses to what OmegaConf merges into, and back
resolved.py    the resolved config on paper: write it, read it back
origins.py     where each value of a composition comes from
plain.py       the same composition without Hydra, for validation
plain_values.py  its merging and its references
engine.py      Hydra itself, and its errors in forge's form
"""
