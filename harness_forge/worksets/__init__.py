"""Worksets: the isolated environments of external tools."""
