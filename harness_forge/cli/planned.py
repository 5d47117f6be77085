"""The plan of a training as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness_forge.core.numbers import NONE, count, counted, interval, number, percent, seconds

if TYPE_CHECKING:
    from harness_forge.training.plan.fitting import Choice
    from harness_forge.training.plan.lengths import Lengths
    from harness_forge.training.plan.plan import Plan

_WIDTH = 30
"""Signs of the longest bar of a histogram."""


def planned(plan: Plan) -> str:
    """Return a plan: model, memory by part, what would fit, rows, time, disk, notes."""
    blocks = [_head(plan), _memory(plan), _gpus(plan), _choices(plan), _rows(plan)]
    blocks += [_time(plan), _disk(plan), _notes(plan)]
    return "\n\n".join("\n".join(lines) for block in blocks if (lines := list(block)))


def gib(value: float) -> str:
    """Return an amount of memory in GiB, as GPUs are described."""
    amount = value / 2**30
    return f"{amount:,.1f} GiB" if amount >= 0.1 else f"{amount:,.2f} GiB"


def _head(plan: Plan) -> Iterator[str]:
    shape, load = plan.model.shape, plan.load
    active = f", {_billions(shape.active)} used by a token" if shape.routes else ""
    yield f"{plan.model.title}: {_billions(shape.weights())} weights{active}"
    yield f"  sizes from   {plan.model.source}"
    yield f"  licence      {plan.model.licence or 'not known here: see its model card'}"
    if plan.rows:
        quoted = ", ".join(plan.licences) or "none named in its manifest"
        yield f"  data         licences of quoted content: {quoted}"
    batch = f"{counted(load.rows, 'row')} of {count(load.length)} tokens at once"
    kept = "activations made again" if load.checkpointing else "activations kept"
    yield f"  trained as   {plan.train.adapter.name}, rank {load.rank}, {plan.train.precision.name}"
    yield f"               {batch}, {kept}, AdamW"
    several = f"{plan.machine.count} x " if plan.machine.count > 1 else ""
    way = f", {plan.machine.sharding.name}" if plan.machine.count > 1 else ""
    yield f"  on           {several}{plan.machine.title}, {gib(plan.machine.memory)}{way}"


def _memory(plan: Plan) -> Iterator[str]:
    from harness_forge.training.plan.memory import size_of_expert

    load, parts = plan.load, plan.memory
    small = "NF4, double quantisation" if load.quantised else plan.train.precision.name
    experts = {4: "float32", 2: "bfloat16"}.get(size_of_expert(load), small)
    rows = [
        ("linear layers", parts.layers, small),
        ("experts, all of them", parts.experts, experts),
        ("embedding, head, norms", parts.embeddings, f"{plan.train.precision.name}, not quantised"),
        ("layers gathered", parts.gathered, "two at once"),
        ("adapter", parts.adapter, "float32"),
        ("gradients", parts.gradients, "float32"),
        ("optimizer", parts.optimizer, "two moments, float32"),
        ("activations", parts.activations, ""),
        ("logits", parts.logits, _logits(plan)),
        ("CUDA" if load.cuda else "process", parts.context, "assumed"),
        ("fragmentation", parts.margin, "assumed"),
    ]
    yield f"memory{' of each GPU' if plan.machine.count > 1 else ''} at the peak"
    for name, value, how in rows:
        if value:
            yield f"  {name:<24}{gib(value):>12}  {how}".rstrip()
    said = "fits" if plan.fits else "does not fit"
    share = percent(parts.total / plan.machine.memory)
    yield f"  {'together':<24}{gib(parts.total):>12}  {said}: {share} of {gib(plan.machine.memory)}"


def _logits(plan: Plan) -> str:
    from harness_forge.training.plan.memory import again, of_logits

    shape, load = plan.model.shape, plan.load
    if again(shape, load) > of_logits(shape, load):
        return "or one layer made again, which is more"
    sizes = f"{load.rows} x {count(load.length)} x {count(shape.vocabulary)} x 4 bytes"
    return f"3 times {sizes}"


def _gpus(plan: Plan) -> Iterator[str]:
    if not plan.by_gpus:
        return
    numbers = list(next(iter(plan.by_gpus.values())))
    yield "each GPU of     " + "".join(f"{number:>12}" for number in numbers)
    names = {"ddp": "whole (ddp)", "fsdp": "parts (fsdp)"}
    for way, totals in plan.by_gpus.items():
        yield f"  {names[way]:<14}" + "".join(f"{gib(total):>12}" for total in totals.values())


def _choices(plan: Plan) -> Iterator[str]:
    if not plan.choices:
        least = f"the smallest that forge train can be set to: {gib(plan.least)}"
        yield f"nothing that was tried fits; {least}"
        return
    yield "what fits, most preferred first"
    for choice in plan.choices:
        yield f"  {gib(choice.total):>10}  {_settings(choice)}"


def _settings(choice: Choice) -> str:
    settings = " ".join(choice.settings) or "as it is set"
    return f"{settings}  ({choice.price})" if choice.price else settings


def _rows(plan: Plan) -> Iterator[str]:
    rows = plan.rows
    if rows is None:
        return
    limit = plan.train.sequence_length
    cut = counted(rows.over, "row") + f" over {count(limit)}"
    yield (
        f"{counted(rows.rows, 'row')}, {count(rows.tokens)} tokens: median {count(rows.median)},"
        f" longest {count(rows.longest)}, {cut}"
    )
    yield from _histogram(rows)


def _histogram(rows: Lengths) -> Iterator[str]:
    most = max(number for _, number in rows.histogram)
    below = 0
    for edge, found in rows.histogram:
        bar = "#" * round(_WIDTH * found / most)
        yield f"  {f'{count(below + 1)} to {count(edge)}':>18}{count(found):>8}  {bar}".rstrip()
        below = edge


def _time(plan: Plan) -> Iterator[str]:
    speed = plan.pace.tokens_per_s
    if speed is None:
        yield f"time: {plan.pace.source}"
        return
    yield f"pace: {_range(speed, count)} tokens/s ({plan.pace.source})"
    if plan.seconds:
        yield f"time: {_range(plan.seconds, seconds)} for {count(plan.tokens or 0)} tokens"
    if plan.watt_hours:
        yield f"energy: {_range(plan.watt_hours, _energy)}, of the GPUs alone"


def _disk(plan: Plan) -> Iterator[str]:
    weights = plan.disk["weights"]
    there = f"{gib(weights)} for the weights, which are not there, and " if weights else ""
    free = f"{gib(plan.disk['free'])} free"
    yield f"disk: {there}{gib(plan.disk['checkpoints'])} for checkpoints and adapter; {free}"


def _notes(plan: Plan) -> Iterator[str]:
    yield from (f"note: {note}" for note in plan.notes)


def _range(ends: Sequence[float], form) -> str:
    low, high = form(ends[0]), form(ends[1])
    return low if low == high else interval(*ends, form)


def _energy(watt_hours: float) -> str:
    return f"{number(watt_hours / 1000)} kWh" if watt_hours >= 1000 else f"{watt_hours:.0f} Wh"


def _billions(weights: float) -> str:
    if not weights:
        return NONE
    return f"{weights / 1e9:.1f} billion" if weights >= 1e9 else f"{weights / 1e6:.1f} million"
