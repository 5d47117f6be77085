"""Settings of the console, `forge ui`."""

from __future__ import annotations

from dataclasses import dataclass

from harness_forge.config.limits import between, limited


@dataclass(frozen=True)
class UiConfig:
    """How the console is served. It listens on 127.0.0.1 alone.

    Args:
        port: where; 0 takes a free one.
        write: true lets the page mark attempts as bad and take such marks back;
            false shows only.
        page: rows of a page.
    """

    port: int = limited(30080, between(0, 65535))
    write: bool = False
    page: int = limited(50, between(5, 500))
