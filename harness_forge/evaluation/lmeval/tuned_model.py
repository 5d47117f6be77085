"""Finds the adapter to evaluate, and checks that it belongs to the base model."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from harness_forge.config.signing import SigningConfig
from harness_forge.core.errors import EvalError, TrainError
from harness_forge.registry.adapters import package, registry, weights
from harness_forge.registry.models.folder import BaseModel, file_digest
from harness_forge.registry.signing import trust


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


def find_adapter(name: str, home: Path, base: BaseModel, signing: SigningConfig) -> TunedAdapter:
    """Return the adapter that `name` means, complete and made for `base`.

    A folder without lineage, such as a checkpoint, is accepted as it is, unless this
    project asks for signatures: only packaged adapters have one.

    Raises:
        TrainError: there is none, it is damaged, or not signed as this project asks.
        EvalError: it was trained on another base model.
    """
    folder = Path(name)
    if (folder / package.CONFIG).is_file() and not (folder / package.LINEAGE).is_file():
        if signing.required or signing.public_key is not None:
            what = "is not packaged, and only a packaged adapter can be signed"
            raise TrainError(name, what, "`forge train` packages what it trains")
        weights.head(folder / package.WEIGHTS)
        files = [file_digest(folder / file) for file in (package.CONFIG, package.WEIGHTS)]
        return TunedAdapter(folder.name, folder, sha256("".join(files).encode()).hexdigest())
    adapter = trust.demand(registry.resolve(name, home), signing)
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
