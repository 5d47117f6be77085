"""The identity of an adapter: its readable name and the digest of its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AdapterIdentity:
    """An adapter by its readable name and the digest of its content.

    Ledgers, decisions and reports name an adapter by these two fields.
    """

    name: str
    digest: str

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> AdapterIdentity:
        """Return the identity in a mapping of a file, such as `candidate` of a decision."""
        return cls(str(facts["name"]), str(facts["digest"]))

    @property
    def label(self) -> str:
        """The name of its folder in the registry, which never means another adapter."""
        return f"{self.name}-{self.digest[:12]}"
