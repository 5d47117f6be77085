"""The families: each one kind of request, in three wordings, as families.txt lists them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class RequestFamily:
    """One kind of request.

    Args:
        operation: the one that it asks for.
        shows: sections of the state that the prompt shows.
        wordings: the same request in other words, as templates.
    """

    name: str
    operation: str
    shows: tuple[str, ...]
    wordings: tuple[str, ...]


def _families() -> Iterator[RequestFamily]:
    text = (files(__package__) / "families.txt").read_text(encoding="utf-8")
    for block in text.split("\n\n")[1:]:
        head, *wordings = block.strip().splitlines()
        name, operation, *shows = head.split()
        yield RequestFamily(name, operation, tuple(shows), tuple(line.strip() for line in wordings))


FAMILIES = tuple(_families())
