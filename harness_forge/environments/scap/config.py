"""Settings of the `scap` world: whose content judges, and which family a rule belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class ScapConfig:
    """One datastream, one profile, and the table that sorts its rules.

    Args:
        datastream: file name of the SCAP content, or a path to it.
        profile: the profile's id, or its last word such as `stig`.
        package: the distribution's package that ships the datastream.
        platform: which disposable root the rules are attempted in.
        families: regular expression at the start of a rule id -> family; the
            first that matches wins, and 'other' takes the rest.
        licence: of the content, whose titles stand in prompts and so in datasets.
    """

    datastream: str = "???"
    profile: str = "???"
    package: str = "???"
    platform: str = "???"
    families: dict[str, str] = field(default_factory=dict)
    licence: str = "BSD-3-Clause"
