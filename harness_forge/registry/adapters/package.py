"""Packages an adapter: only its own files, in a folder named by name and content hash."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.core.errors import TrainError
from harness_forge.core.files import whole_folder
from harness_forge.registry.adapters import bom, weights
from harness_forge.registry.adapters.bom import BOM
from harness_forge.registry.adapters.card import card
from harness_forge.registry.adapters.identity import AdapterIdentity

CONFIG, WEIGHTS, LINEAGE = "adapter_config.json", "adapter_model.safetensors", "lineage.json"
SIGNATURE = "model.sig"
_FILES = (CONFIG, WEIGHTS, LINEAGE, BOM, SIGNATURE, "README.md")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")


@dataclass(frozen=True)
class Adapter:
    """A packaged adapter.

    Args:
        folder: its own folder, named by name and content.
        digest: of config and weights; equal digests are equal adapters.
        lineage: what it was made from, and how.
    """

    name: str
    folder: Path
    digest: str
    lineage: dict[str, Any]

    @property
    def identity(self) -> AdapterIdentity:
        """Its name and digest."""
        return AdapterIdentity(self.name, self.digest)

    @property
    def label(self) -> str:
        """The name of its folder in the registry, which never means another adapter."""
        return self.identity.label

    @property
    def fitted(self) -> tuple[str, ...]:
        """The splits that it was trained on."""
        return tuple(self.lineage.get("dataset", {}).get("splits", ("train",)))

    @property
    def prompt_contexts(self) -> tuple[str, ...]:
        """The values of `prompt.context` of its rows; empty where that is not known."""
        return tuple(self.lineage.get("dataset", {}).get("prompt_contexts", ()))


def package(source: Path, name: str, out: Path, lineage: Mapping[str, Any]) -> Adapter:
    """Copy an adapter from a training's output and return it.

    A training also leaves tokenizer, checkpoints, logs, and with some methods the
    whole model; none of these is copied. `out/name` is a link that always points
    to the newest one.

    Raises:
        TrainError: the output is no adapter, or it learned nothing.
    """
    tensors = weights.head(source / WEIGHTS)
    if not any("lora_" in tensor for tensor in tensors):
        raise TrainError(str(source / WEIGHTS), "holds no LoRA weights")
    if not weights.moved(source / WEIGHTS, tensors):
        what = "is as it was before training: every lora_B is zero"
        raise TrainError(str(source / WEIGHTS), what, "were any labels trained? see the audit")
    config = _config(source, str(lineage["base"]["name"]))
    digest = _digest(config, source / WEIGHTS)
    target = out / AdapterIdentity(name, digest).label
    lineage = {"name": name, "digest": digest, **lineage}
    with whole_folder(target) as draft:
        (draft / CONFIG).write_text(config, encoding="utf-8")
        shutil.copyfile(source / WEIGHTS, draft / WEIGHTS)
        (draft / LINEAGE).write_text(json.dumps(lineage, indent=1) + "\n", encoding="utf-8")
        (draft / "README.md").write_text(card(lineage, tensors), encoding="utf-8")
        (draft / BOM).write_text(bom.written(lineage, draft), encoding="utf-8")
    _point(out / name, target)
    return Adapter(name, target, digest, dict(lineage))


def load(folder: Path) -> Adapter:
    """Return a packaged adapter after checking its files against its hash.

    Raises:
        TrainError: it is missing or damaged, or has files that no training makes: a
            file that runs code when it is read, a link, a name that is a path.
    """
    _check_files(folder)
    try:
        lineage = json.loads((folder / LINEAGE).read_text(encoding="utf-8"))
        config = (folder / CONFIG).read_text(encoding="utf-8")
        named = lineage["digest"], lineage["name"]
        if not all(isinstance(lineage.get(part, {}), dict) for part in ("base", "dataset")):
            raise TypeError
    except FileNotFoundError as error:
        missing = Path(str(error.filename)).name
        hint = "an adapter is packaged by `forge train`"
        raise TrainError(str(folder), f"is no packaged adapter (no {missing})", hint) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        what = f"is damaged: {LINEAGE} cannot be read"
        raise TrainError(str(folder), what, "train it again, or copy it again") from None
    if not isinstance(named[1], str) or not _NAME.fullmatch(named[1]):
        raise TrainError(str(folder), f"is damaged: {named[1]!r} is no name of an adapter")
    if not (folder / WEIGHTS).exists():
        what = "has no weights any more: its record alone is here"
        hint = "`forge adapter prune` takes weights away: train it again, or copy them back"
        raise TrainError(str(folder), what, hint)
    weights.head(folder / WEIGHTS)
    if _digest(config, folder / WEIGHTS) != named[0]:
        what = "is damaged: its files are not those that were packaged"
        raise TrainError(str(folder), what, "train it again, or copy it again")
    return Adapter(named[1], folder.resolve(), named[0], lineage)


def describe(adapter: Adapter) -> bool:
    """Write the bill of materials of an adapter from before there was one; False if it has one.

    Raises:
        TrainError: its folder cannot be written.
    """
    place = adapter.folder / BOM
    if place.exists():
        return False
    # Beside the folder: half a file in it would be one that no adapter has.
    draft = adapter.folder.with_name(f".{BOM}.{os.getpid()}")
    try:
        draft.write_text(bom.written(adapter.lineage, adapter.folder), encoding="utf-8")
        draft.replace(place)
    except OSError as error:
        raise TrainError(str(place), f"cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return True


def _check_files(folder: Path) -> None:
    """Refuse a folder with anything but the plain files of an adapter."""
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if file.name not in _FILES or file.is_symlink() or not file.is_file():
            what = f"holds {file.name}, which is no file of a packaged adapter"
            hint = "servers may run what they find there; take it out if you know what it is"
            raise TrainError(str(folder), what, hint)


def copy(adapter: Adapter, to: Path) -> None:
    """Put a copy of a packaged adapter at `to` as a real folder, atomically.

    An existing folder is replaced. DVC can cache such a folder, but not a link.
    """
    load(adapter.folder)
    try:
        with whole_folder(to) as draft:
            shutil.copytree(adapter.folder, draft, dirs_exist_ok=True)
    except OSError as error:
        raise TrainError(str(to), f"cannot be written: {error.strerror or error}") from None


def find(out: Path, name: str, key: str) -> Adapter | None:
    """Return the adapter that a training with this key made, if it is complete."""
    for place in sorted(out.glob(f"{name}-*")):
        try:
            adapter = load(place)
        except TrainError:
            continue
        if adapter.name == name and adapter.lineage.get("key") == key:
            _point(out / name, place)
            return adapter
    return None


def _config(source: Path, base: str) -> str:
    """Return the adapter's config with its base model's name instead of a local path."""
    try:
        adapter_config = json.loads((source / CONFIG).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TrainError(str(source), f"holds no adapter (no {CONFIG})") from None
    adapter_config["base_model_name_or_path"] = base
    # A text is a pattern of whole names.
    if not isinstance(adapter_config["target_modules"], str):
        adapter_config["target_modules"] = sorted(adapter_config["target_modules"])
    return json.dumps(adapter_config, indent=1, sort_keys=True) + "\n"


def _digest(config: str, file: Path) -> str:
    total = sha256(config.encode())
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def _point(link: Path, place: Path) -> None:
    if link.exists() and not link.is_symlink():
        what = "is in the way of the adapter's name"
        raise TrainError(str(link), what, "move it away, or choose another train.name")
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(place.name)
    draft.replace(link)
