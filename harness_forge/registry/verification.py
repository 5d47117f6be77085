"""Looks at an adapter as a recipient would: files, hashes, tensors, base model, signature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import EvalError, TrainError
from harness_forge.core.numbers import count, counted
from harness_forge.registry import current
from harness_forge.registry.adapters import package, registry, taint, tensors
from harness_forge.registry.adapters.lineage import check_lineage
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.signing import keys, signature, trust

OK, OPEN = "ok", "not checked"


@dataclass(frozen=True)
class Check:
    """One check of an adapter that did not fail.

    Args:
        state: `OK`, or `OPEN` where what it needs is not here.
        said: what was found, or why it was not checked.
    """

    name: str
    state: str
    said: str


def verify(config: ForgeConfig, folder: Path) -> Iterator[Check]:
    """Yield each check of a packaged adapter.

    Raises:
        EvalError: it was trained on another base model than the recipe's.
        TrainError: the first check that fails, with what is wrong.
    """
    adapter = package.load(folder)
    yield Check("files", OK, "no other file, no link")
    yield Check("hashes", OK, f"config and weights are {adapter.digest[:12]}, as the lineage says")
    yield _name(config, adapter)
    found = tensors.check(adapter.folder)
    said = f"{counted(found.tensors, 'tensor')} of {counted(found.modules, 'module')}"
    yield Check("tensors", OK, f"{said}, {count(found.numbers)} numbers, all finite")
    yield _base(config, adapter)
    yield _rows(config, adapter)
    yield _signature(config, adapter)


def _name(config: ForgeConfig, adapter: Adapter) -> Check:
    if adapter.folder.parent != registry.folder(Path(config.forge_home)).resolve():
        return Check("name", OPEN, "the folder is not in the registry")
    if adapter.folder.name != adapter.label:
        what = f"is the folder of {adapter.label}"
        hint = f"the registry names a folder by its content: rename it to {adapter.label}"
        raise TrainError(str(adapter.folder), what, hint)
    return Check("name", OK, "the folder is named by its content")


def _base(config: ForgeConfig, adapter: Adapter) -> Check:
    try:
        base = current.base_model_of(config)
    except TrainError as error:
        return Check("base model", OPEN, error.said)
    if base.name != (name := adapter.lineage.get("base", {}).get("name", "another model")):
        return Check("base model", OPEN, f"it was trained on {name}: model={name} checks that")
    try:
        check_lineage(adapter, base)
    except EvalError as error:
        raise TrainError(error.where, error.what, error.hint) from None
    return Check("base model", OK, f"{base.name} {base.digest[:12]}, as it was trained on")


def _rows(config: ForgeConfig, adapter: Adapter) -> Check:
    if told := taint.says(Path(config.forge_home), adapter.digest):
        raise TrainError(f"adapter {adapter.label}", f"is tainted: {told}")
    return Check("rows", OK, "none that it was trained on were forgotten since")


def _signature(config: ForgeConfig, adapter: Adapter) -> Check:
    signing = config.signing
    if signing.public_key is None:
        trust.demand(adapter, signing)
        signed = signature.is_signed(adapter.folder)
        said = "signing.public_key=FILE checks it" if signed else "there is none"
        return Check("signature", OPEN, said)
    key = signature.check(adapter.folder, keys.trusted_keys(Path(signing.public_key)))
    until = f", whose certificate ends {key.until:%Y-%m-%d}" if key.until else ""
    return Check("signature", OK, f"of the key {key.hint[:12]} in {signing.public_key}{until}")
