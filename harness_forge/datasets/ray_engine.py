"""Prepares rows on a Ray cluster, run by run.

This process reads the rows, in one order and from one snapshot of the store;
the cluster only prepares them, so its machines do not need the store. A shard
holds whole runs of a batch, so that rows with the same prompts and tools go to
the same worker. Results are put back in the order of the rows: the bytes are
the same as with one process.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from harness_forge.config.engine import EngineConfig
from harness_forge.core.errors import ExportError, ForgeError
from harness_forge.core.garbage import seldom_collected
from harness_forge.core.version import __version__
from harness_forge.datasets.prepare import PreparePlan, Preparer
from harness_forge.datasets.prepared import PreparedRow
from harness_forge.datasets.ray_session import RayErrors, session
from harness_forge.datasets.sql.rows import Row
from harness_forge.datasets.worker_pool import unrejected, with_rejected

_QUEUED_PER_WORKER = 8
"""Queued shards per worker, so that no worker waits for a shard."""

_LEAST = 128
"""Least rows of a shard: a remote call costs as much as preparing a few rows."""

_TIMEOUT_S = 120
"""How long workers may take to start."""


class Cluster:
    """Prepares batches of rows on Ray; has the interface of `WorkerPool`.

    Args:
        plans: one for each part of the dataset; they are sent to the cluster,
            with the pseudonym key.
        config: the engine's settings.

    Attributes:
        batch: preferred number of rows per batch.
        tallies: counts that filters keep of their own work, by filter.
    """

    batch = 512

    def __init__(self, plans: Sequence[PreparePlan], config: EngineConfig) -> None:
        self._plans, self._config = list(plans), config
        self._stack = ExitStack()
        self._workers: list[Any] = []
        self._waiting: Counter[int] = Counter()
        self.tallies: dict[str, Counter[str]] = {}

    def __enter__(self) -> Cluster:
        with ExitStack() as stack:
            ray = self._ray = stack.enter_context(session(self._config))
            with RayErrors():
                plans = ray.put(self._plans)
                cpus = int(ray.cluster_resources().get("CPU", 1))
                count = max(1, min(self._config.workers or cpus, cpus))
                worker = ray.remote(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")(
                    _Worker
                )
                self._workers = [worker.remote(plans) for _ in range(count)]
            self._await_workers()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *about: object) -> None:
        self._stack.__exit__(*about)

    def map(
        self, part: int, batches: Iterable[Sequence[Row]]
    ) -> Iterator[tuple[Sequence[Row], list[PreparedRow]]]:
        """Yield each batch with its prepared rows, in order.

        Raises:
            ExportError: a worker or the cluster was lost.
        """
        waiting: deque[tuple[Sequence[Row], list[tuple[list[int], int, Any]]]] = deque()
        for batch in batches:
            waiting.append((batch, self._sent(part, unrejected(batch))))
            while self._waiting.total() > _QUEUED_PER_WORKER * len(self._workers):
                yield self._done(*waiting.popleft())
        while waiting:
            yield self._done(*waiting.popleft())

    def _sent(self, part: int, rows: list[Row]) -> list[tuple[list[int], int, Any]]:
        """Send each shard to the least busy worker; return row indices, worker and future."""
        sent = []
        for places in shards([row.run_id for row in rows]):
            at = min(range(len(self._workers)), key=lambda worker: self._waiting[worker])
            self._waiting[at] += 1
            values = [tuple(rows[place]) for place in places]
            sent.append((places, at, self._workers[at].prepare.remote(part, values)))
        return sent

    def _done(self, batch: Sequence[Row], sent) -> tuple[Sequence[Row], list[PreparedRow]]:
        ready: dict[int, PreparedRow] = {}
        for places, at, answer in sent:
            with RayErrors():
                found = self._ray.get(answer)
            self._waiting[at] -= 1
            if isinstance(found, BaseException):
                raise found
            ready.update(zip(places, (PreparedRow(*values) for values in found[0]), strict=True))
            for name, counts in found[1].items():
                self.tallies.setdefault(name, Counter()).update(counts)
        return batch, with_rejected(batch, (ready[place] for place in range(len(ready))))

    def _await_workers(self) -> None:
        """Wait until every worker has started.

        Raises:
            ExportError: the cluster is too busy, or runs another forge.
        """
        calls = [worker.version.remote() for worker in self._workers]
        with RayErrors():
            started, late = self._ray.wait(calls, num_returns=len(calls), timeout=_TIMEOUT_S)
            versions = set(self._ray.get(started))
        if late:
            what = f"{len(late)} of {len(calls)} workers got no CPU within {_TIMEOUT_S} s"
            raise ExportError("engine.workers", what, "ask for fewer, or wait for other jobs")
        if versions - {__version__}:
            other = ", ".join(sorted(versions - {__version__}))
            what = f"the cluster has harness-forge {other}, this is {__version__}"
            raise ExportError("engine.address", what, "the bytes could differ: install one version")


class _Worker:
    """A worker on the cluster."""

    def __init__(self, plans: Sequence[PreparePlan]) -> None:
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        self._plans = plans
        self._preparers: dict[int, Preparer] = {}
        self._stack = ExitStack()
        self._stack.enter_context(seldom_collected())

    def version(self) -> str:
        return __version__

    def prepare(self, part: int, rows: list[tuple]) -> Any:
        """Return the prepared rows as plain values, and the tallies; or the exception."""
        try:
            if part not in self._preparers:
                self._preparers[part] = Preparer(self._plans[part])
            preparer = self._preparers[part]
            ready = [tuple(one) for one in preparer([Row(*values) for values in rows])]
            return ready, preparer.tallies()
        except ForgeError as error:
            return error
        except Exception as error:  # not every exception can be sent
            return RuntimeError(f"{type(error).__name__}: {error}")


def shards(runs: Sequence[str | None]) -> list[list[int]]:
    """Return the row indices of each shard: a run is never split, small runs share a shard.

    Args:
        runs: the run id of each row.
    """
    by_run: Mapping[str | None, list[int]] = {}
    for place, run in enumerate(runs):
        by_run.setdefault(run, []).append(place)
    made: list[list[int]] = []
    for places in by_run.values():
        if made and len(made[-1]) < _LEAST:
            made[-1] += places
        else:
            made.append(list(places))
    return made
