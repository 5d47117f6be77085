"""Checks an adapter's tensors against its config: names, shapes, numbers; no tensor library."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters import weights
from harness_forge.registry.adapters.package import CONFIG, WEIGHTS

_PART = re.compile(
    r"(?:base_model\.model\.)?(?P<module>.+?)\.lora_(?P<part>A|B|embedding_A|embedding_B)"
    r"(?:\.weight)?"
)
_OTHER = re.compile(r"\.lora_magnitude_vector|\.lora_(?:A|B)\.bias$")
"""What DoRA and `lora_bias` add: vectors that no rank shapes."""

_EXPONENTS = {"BF16": ("<u2", 0x7F80), "F16": ("<u2", 0x7C00), "F32": ("<u4", 0x7F800000)}
"""Bits of a float that are all ones where it is infinite or no number."""


@dataclass(frozen=True)
class Checked:
    """The tensors of an adapter that was found in order.

    Args:
        tensors: how many there are.
        modules: how many modules they adapt.
        numbers: of all tensors together.
    """

    tensors: int
    modules: int
    numbers: int


def check(folder: Path) -> Checked:
    """Check names, shapes and numbers of an adapter's tensors.

    Raises:
        TrainError: names the first tensor that is not as its config says, or that holds
            an infinite number or none.
    """
    config, place = read_config(folder), folder / WEIGHTS
    head = weights.head(place)
    if not head:
        raise TrainError(str(place), "is damaged: it holds no tensor", "train it again")
    if fault := next(_misfits(head, config), ""):
        hint = f"weights and {CONFIG} are not of one training: train it again, or copy it again"
        raise TrainError(str(place), fault, hint)
    for (name, fact), raw in zip(head.items(), weights.tensors(place, head), strict=True):
        if not _finite(raw, fact["dtype"]):
            what = f"{name} holds a number that is infinite or none (NaN)"
            raise TrainError(str(place), what, "its training diverged: train with a lower rate")
    numbers = sum(prod(fact["shape"]) for fact in head.values())
    return Checked(len(head), len(_pairs(head)), numbers)


def read_config(folder: Path) -> dict[str, Any]:
    """Return an adapter's config.

    Raises:
        TrainError: it is missing or no JSON object.
    """
    place = folder / CONFIG
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TrainError(str(place), "is missing", "train it again, or copy it again") from None
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        what = "is damaged: it is no JSON object"
        raise TrainError(str(place), what, "train it again, or copy it again")
    return found


def _misfits(head: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    """Yield in words each tensor that the config does not ask for."""
    pairs = _pairs(head)
    # PEFT saves the whole embedding beside an adapter of it.
    saved = [*(config.get("modules_to_save") or ()), *(f"{one}.base_layer" for one in pairs)]
    if config.get("trainable_token_indices"):
        saved.append("token_adapter")
    for name in head:
        if _PART.fullmatch(name) or _OTHER.search(name):
            continue
        if not any(f".{module}." in f".{name}" for module in saved):
            yield f"holds {name}, which {CONFIG} does not ask for"
    if not pairs:
        yield "holds no LoRA weights"
    for module, parts in pairs.items():
        if set(parts) not in ({"A", "B"}, {"embedding_A", "embedding_B"}):
            yield f"{module} has only lora_{next(iter(parts))}"
            continue
        if not _asked_for(module, config):
            yield f"adapts {module}, which is none of the target_modules of {CONFIG}"
        yield from _shapes(module, parts, config)


def _shapes(
    module: str, parts: Mapping[str, list[int]], config: Mapping[str, Any]
) -> Iterator[str]:
    rank = _rank(module, config)
    (first, second) = (parts[name] for name in sorted(parts))
    # Several experts of one module share a tensor; each of them has the rank.
    times = config.get("target_parameters") or ()
    for said, shape, axis in (("A", first, 0), ("B", second, 1)):
        given = shape[axis] if len(shape) >= 2 else 0
        if rank < 1 or not (given == rank or (times and given and given % rank == 0)):
            yield f"lora_{said} of {module} has the shape {shape}, and its rank is {rank}"


def _pairs(head: Mapping[str, Any]) -> dict[str, dict[str, list[int]]]:
    """Return the shapes of each module's parts."""
    found: dict[str, dict[str, list[int]]] = {}
    for name, fact in head.items():
        if part := _PART.fullmatch(name):
            found.setdefault(part["module"], {})[part["part"]] = fact["shape"]
    return found


def _rank(module: str, config: Mapping[str, Any]) -> int:
    """Return the rank of a module: its pattern's, else the config's; 0 where it is no number."""
    for pattern, rank in (config.get("rank_pattern") or {}).items():
        if _matches(rf"(.*\.)?({pattern})", module, unreadable=False):
            return rank if type(rank) is int else 0
    rank = config.get("r")
    return rank if type(rank) is int else 0


def _asked_for(module: str, config: Mapping[str, Any]) -> bool:
    wanted = config.get("target_modules") or ()
    if isinstance(wanted, str):
        return wanted == "all-linear" or _matches(wanted, module, unreadable=True)
    # A parameter is named with its module before it, and adapted as part of that module.
    parameters = [str(one).rpartition(".")[0] for one in config.get("target_parameters") or ()]
    bare = re.sub(r"(\.base_layer)+$", "", module)
    return any(bare == one or bare.endswith(f".{one}") for one in [*wanted, *parameters])


def _matches(pattern: str, module: str, *, unreadable: bool) -> bool:
    """Return whether a pattern of the config means a module; `unreadable` where it is no pattern.

    The config may be anybody's, and RE2 takes no pattern that needs time without end.
    """
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return bool(re2.fullmatch(pattern, module, options=options))
    except re2.error:
        return unreadable


def _finite(raw: bytes, dtype: str) -> bool:
    """Return whether every number of a tensor is one; types without such values always are."""
    import numpy as np

    if dtype in _EXPONENTS:
        kind, bits = _EXPONENTS[dtype]
        return not bool(np.any((np.frombuffer(raw, dtype=kind) & bits) == bits))
    if dtype == "F64":
        return bool(np.isfinite(np.frombuffer(raw, dtype="<f8")).all())
    return True
