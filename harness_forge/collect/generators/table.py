"""The generators, by name, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from harness_forge.collect.generators import calls, signatures, tables
from harness_forge.collect.generators.context import Context
from harness_forge.collect.generators.rows import Row

GENERATORS: Mapping[str, Callable[[Context], Iterator[Row]]] = {
    "signatures": signatures.rows,
    "calls": calls.rows,
    "tables": tables.rows,
}
