"""What an adapter was made of besides rows: the adapters that it started from, or was merged of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Lineage = Mapping[str, Any]


def parents_of(lineage: Lineage) -> list[dict[str, Any]]:
    """Return name and digest of each adapter that a lineage names, with the weight of a merge."""
    found = lineage.get("parents") or [lineage.get("parent")]
    return [one for one in found if isinstance(one, dict) and one.get("digest")]


def manifests_of(lineage: Lineage) -> list[str]:
    """Return the sha256 of the manifest of each dataset that the weights learned from.

    Those of its parents too, for the parents may be gone.
    """
    data = lineage.get("dataset") or {}
    known = [data.get("manifest"), *(data.get("manifests") or ())]
    return list(dict.fromkeys(str(one) for one in known if one))


def merged(lineage: Lineage) -> bool:
    """Return whether an adapter was made of others, without a training."""
    return "merge" in lineage
