"""The version of forge, below all that names it."""

__version__ = "0.1.0"
