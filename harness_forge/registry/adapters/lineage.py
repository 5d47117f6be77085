"""Which base model an adapter was trained on, and whether that is the one at hand."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from harness_forge.core.errors import EvalError
from harness_forge.registry.adapters.package import Adapter


@dataclass(frozen=True)
class Subject:
    """The base model that an adapter is put on.

    Args:
        digest: of its files; the adapter's lineage must name the same.
        template: the chat template's text; the lineage must name its hash.
    """

    name: str
    folder: Path
    digest: str
    template: str


def check_lineage(adapter: Adapter, base: Subject) -> None:
    """Refuse a base model or chat template other than those the adapter was trained with.

    Raises:
        EvalError: it was another.
    """
    trained = adapter.lineage.get("base") or {}
    where = f"adapter {adapter.name}"
    if trained.get("digest") != base.digest:
        theirs, ours = _short(trained.get("digest")), _short(base.digest)
        what = (
            f"was trained on base model {trained.get('name')} ({theirs}), not {base.name} ({ours})"
        )
        raise EvalError(
            where, what, "choose the model it was trained on (model=NAME), or train again"
        )
    if trained.get("template") != sha256(base.template.encode()).hexdigest():
        what = f"was trained with another chat template than {base.name} has now"
        raise EvalError(where, what, "put that template back, or train again")


def _short(digest: object) -> str:
    return str(digest)[:12]
