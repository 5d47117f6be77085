"""Settings of `forge generate`: which repository, which generators, how much."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness_forge.config.limits import between, limited


@dataclass(frozen=True)
class GenerateConfig:
    """What rows are made of a repository.

    Args:
        repository: a folder within a Git repository.
        name: what rows call it; '' takes the name of its folder.
        revision: the commit that is read, or a name of one.
        generators: which; empty for all. docs/generators.md lists them.
        most: rows of one generator; further ones are left out, file by file in turn.
        commits: how many of the last commits are read.
        max_quote: characters of one quote; what is longer makes no row.
        skip: patterns of paths that are not read. Suites that measure stay out.
        weak: (targeted) generators whose rows are asked in another form; empty for all.
    """

    repository: str = ""
    name: str = ""
    revision: str = "HEAD"
    generators: list[str] = field(default_factory=list)
    most: int = limited(600, between(1))
    commits: int = limited(500, between(0))
    max_quote: int = limited(4000, between(100))
    skip: list[str] = field(
        default_factory=lambda: ["*/suites/bundles/*", "*.lock", "*/node_modules/*"]
    )
    weak: list[str] = field(default_factory=list)
