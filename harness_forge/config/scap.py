"""Settings of the `scap` environment: the content that judges, and the families of rules."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Expected:
    """How many rules are known to have the full cycle under given versions.

    Args:
        content, scanner: their versions.
        many_uids: rules with the full cycle where files can belong to several
            users; one_uid: where they cannot. 0 was not measured.
    """

    content: str = "???"
    scanner: str = "???"
    many_uids: int = 0
    one_uid: int = 0


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
        only: regular expression at the start of a rule id; the skill is made of
            the rules that match. Empty takes all.
        without: profiles of the same datastream whose rules are left out: those of
            another skill, so that a rule is an item of one of them.
        expect: by a name such as the release of the measured packages, the known
            counts of the content; a survey that finds less says so.
        licence: of the content, which has its titles in prompts and so in datasets.
    """

    datastream: str = "???"
    profile: str = "???"
    package: str = "???"
    platform: str = "???"
    families: dict[str, str] = field(default_factory=dict)
    only: str = ""
    without: list[str] = field(default_factory=list)
    expect: dict[str, Expected] = field(default_factory=dict)
    licence: str = "BSD-3-Clause"
