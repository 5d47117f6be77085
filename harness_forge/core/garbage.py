"""Runs the garbage collector less often, where rows by the thousand are read and written."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Run the garbage collector less often inside the block.

    Rows are trees and make none, but are many objects: at the usual pace a
    fifth of the time goes into looking.
    """
    before = gc.get_threshold()
    gc.freeze()  # what was imported stays anyway
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
