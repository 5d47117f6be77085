"""Checks that an adapter was trained on the current base model."""

from __future__ import annotations

from hashlib import sha256

from harness_forge.core.errors import EvalError
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.models.folder import BaseModel


def check_lineage(adapter: Adapter, base: BaseModel) -> None:
    """Refuse a base model or chat template other than those of the adapter's training.

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
