"""Settings of redaction."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class RedactionConfig:
    """What is replaced by pseudonyms before a dataset is written.

    Args:
        enabled: false writes texts as they are; such a dataset is reviewed
            with the same rules and cannot leave while anything is found.
        kinds: kind to whether it is replaced; a kind that is not named is.
        allow: a name of yours to a regular expression; a value that it matches
            in full stays, such as `redaction.allow.lab='10\\.1\\..*'`.
        domains: domain names of yours; every name under them is a host.
    """

    enabled: bool = True
    kinds: dict[str, bool] = field(default_factory=dict)
    allow: dict[str, str | None] = field(default_factory=dict)
    domains: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, object]:
        """Return the settings as a dataset may tell them: without your domains.

        `RedactionConfig(**shown)` looks for the same, except for those. Patterns
        of allowed values are included: their matches are in the dataset.
        """
        return {"enabled": self.enabled, "kinds": dict(self.kinds), "allow": dict(self.allow)}
