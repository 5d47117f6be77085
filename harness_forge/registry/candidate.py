"""The adapter that a decision is about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """An adapter by its readable name and the digest of its content."""

    name: str
    digest: str

    @property
    def label(self) -> str:
        """Return the name of its folder in the registry, which never means another."""
        return f"{self.name}-{self.digest[:12]}"
