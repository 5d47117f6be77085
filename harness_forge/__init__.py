"""harness-forge: from a harness's own records to a judged adapter."""

__version__ = "0.1.0"
