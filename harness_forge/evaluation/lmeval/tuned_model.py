"""Finds the adapter to evaluate, and checks that it belongs to the base model."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from harness_forge.core.errors import EvalError
from harness_forge.registry.adapters import package, registry, weights
from harness_forge.registry.models.folder import BaseModel, file_digest


@dataclass(frozen=True)
class TunedAdapter:
    """An adapter to evaluate, packaged or as a trainer left it.

    Args:
        fitted: splits that it was trained on; empty if that is unknown.
        contexts: the values of `prompt.context` that it was trained on, likewise.
    """

    name: str
    folder: Path
    digest: str
    fitted: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()


def find_adapter(name: str, home: Path, base: BaseModel) -> TunedAdapter:
    """Return the adapter that `name` means, complete and made for `base`.

    A folder without lineage, such as a checkpoint, is accepted as it is.

    Raises:
        TrainError: there is none, or it is damaged.
        EvalError: it was trained on another base model.
    """
    folder = Path(name)
    if (folder / package.CONFIG).is_file() and not (folder / package.LINEAGE).is_file():
        weights.head(folder / package.WEIGHTS)
        files = [file_digest(folder / file) for file in (package.CONFIG, package.WEIGHTS)]
        return TunedAdapter(folder.name, folder, sha256("".join(files).encode()).hexdigest())
    adapter = registry.resolve(name, home)
    trained_on = adapter.lineage["base"]
    if trained_on["digest"] != base.digest:
        what = f"was trained on {trained_on['title']}, not on this {base.title}"
        raise EvalError(f"adapter {name}", what, "choose its base model with model=NAME")
    return TunedAdapter(
        adapter.folder.name,
        adapter.folder,
        adapter.digest,
        adapter.fitted,
        adapter.prompt_contexts,
    )
