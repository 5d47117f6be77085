"""The plans of a dataset for its worker processes: large arrays are in memory that all share.

The runs of protected texts are gigabytes where many items are held out; a copy a process would
fill the memory of a machine with many cores.
"""

from __future__ import annotations

import mmap
import os
import pickle
from collections.abc import Sequence
from typing import BinaryIO

from harness_forge.datasets.prepare import PreparePlan

_ALIGNED = 64
"""Bytes at whose multiples arrays begin."""


class SharedPlans:
    """Plans as they are sent to workers; written once, when the first worker starts.

    Args:
        plans: one for each part of the dataset.
    """

    def __init__(self, plans: Sequence[PreparePlan]) -> None:
        self._plans = plans
        self._sent: tuple[bytes, int] | None = None

    def sent(self) -> tuple[bytes, int]:
        """Return the message that a worker reads, and the file of the memory that it inherits.

        Raises:
            OSError: there is no memory for it.
        """
        if self._sent is None:
            self._sent = self._written()
        return self._sent

    def close(self) -> None:
        """Let go of the memory; workers keep it until they end."""
        if self._sent is not None:
            os.close(self._sent[1])
            self._sent = None

    def _written(self) -> tuple[bytes, int]:
        buffers: list[pickle.PickleBuffer] = []
        plans = pickle.dumps(self._plans, 5, buffer_callback=buffers.append)
        places, end = [], 0
        memory = os.memfd_create("forge-plans")
        with os.fdopen(os.dup(memory), "wb") as file:
            for buffer in buffers:
                raw = buffer.raw()
                file.seek(end)
                file.write(raw)
                places.append((end, raw.nbytes))
                end += -(-raw.nbytes // _ALIGNED) * _ALIGNED
        return pickle.dumps((memory, places, plans), pickle.HIGHEST_PROTOCOL), memory


def received(source: BinaryIO) -> Sequence[PreparePlan]:
    """Return the plans that a parent process sent; their arrays cannot be written."""
    memory, places, plans = pickle.load(source)  # noqa: S301 - our own parent wrote it
    size = os.fstat(memory).st_size
    held = memoryview(mmap.mmap(memory, size, prot=mmap.PROT_READ) if size else b"")
    os.close(memory)
    return pickle.loads(plans, buffers=[held[at : at + long] for at, long in places])  # noqa: S301
