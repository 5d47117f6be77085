"""Settings under which a training fits the memory there is, in order of preference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from harness_forge.config.gpu import Sharding
from harness_forge.training.plan.lengths import Lengths
from harness_forge.training.plan.matrices import Shape
from harness_forge.training.plan.memory import Load, estimate

_Way = tuple[Load, tuple[str, ...], str, bool]
"""A change: what is trained, its settings, its price, and whether forge can set it."""


@dataclass(frozen=True)
class Choice:
    """Settings that were looked at.

    Args:
        settings: what to put on the command line; empty as it is.
        price: what it costs, beside time.
        total: bytes of one GPU at the peak.
        by_forge: whether `forge train` can set it by itself.
    """

    settings: tuple[str, ...]
    price: str
    total: float
    by_forge: bool = True


def fitting(
    shape: Shape, load: Load, memory: float, accumulate: int, rows: Lengths | None = None
) -> list[Choice]:
    """Return what fits, most preferred first; of each way the largest batch that fits.

    First what learns the same: fewer rows at once with as many more passes in a step. Then
    4 bits, which change what is learned. Only where neither fits: weights shared out among
    several GPUs, and shorter rows, which leave data out.

    Args:
        accumulate: forward passes of one step as it is.
        rows: lengths of the dataset's rows, to say how many are left out.
    """
    found = _first_fits(shape, load, memory, accumulate, _whole(load))
    if found:
        return found
    last = [*_shared_out(load), *_shorter(load, rows)]
    return _first_fits(shape, load, memory, accumulate, last)


def _first_fits(
    shape: Shape, load: Load, memory: float, accumulate: int, ways: Iterable[_Way]
) -> list[Choice]:
    found = []
    for change, settings, price, by_forge in ways:
        for rows in _halvings(change.rows):
            total = estimate(shape, replace(change, rows=rows)).total
            if total <= memory:
                batch = _batch(load.rows, rows, accumulate)
                found.append(Choice((*settings, *batch), price, total, by_forge))
                break
    return found


def smallest(shape: Shape, load: Load) -> float:
    """Return the peak of the smallest training that `forge train` can be set to."""
    least = replace(load, rows=1, quantised=load.cuda and bool(load.rank))
    return estimate(shape, least).total


def _whole(load: Load) -> Iterator[_Way]:
    yield load, (), "", True
    if _can_shrink(load):
        price = "4 bits change what is learned"
        yield replace(load, quantised=True), ("train.adapter=qlora",), price, True


def _can_shrink(load: Load) -> bool:
    return load.cuda and bool(load.rank) and not load.quantised


def _shared_out(load: Load) -> Iterator[_Way]:
    for number in (2, 4, 8) if load.cuda else ():
        if number > load.gpus or load.sharding is Sharding.ddp:
            settings = (f"gpu.count={number}", "gpu.sharding=fsdp")
            price = "FSDP or ZeRO-3, which forge train does not set"
            yield replace(load, gpus=number, sharding=Sharding.fsdp), settings, price, False


def _shorter(load: Load, rows: Lengths | None) -> Iterator[_Way]:
    small = replace(load, quantised=load.quantised or _can_shrink(load))
    for part in (2, 4):
        length = load.length // part
        if length >= 128:
            settings = (f"train.sequence_length={length}",)
            settings += ("train.adapter=qlora",) if _can_shrink(load) else ()
            out = f"{rows.longer(length)} of {rows.rows}" if rows else "longer"
            price = f"{out} rows have to be left out of the dataset"
            yield replace(small, length=length), settings, price, True


def _halvings(rows: int) -> Iterator[int]:
    while rows:
        yield rows
        rows //= 2


def _batch(before: int, rows: int, accumulate: int) -> tuple[str, ...]:
    if rows == before:
        return ()
    # Rounded up where the batch is no power of two: a step then has a few rows more.
    return (f"train.micro_batch={rows}", f"train.accumulate={-(-before * accumulate // rows)}")
