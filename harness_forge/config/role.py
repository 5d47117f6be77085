"""Settings of a role: which agent an export is made for, and how its turns are found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RoleConfig:
    """Whose turns are exported.

    Args:
        name: worker, architect, auditor or reflector, as the turns name their
            agent; or a name for several of them.
    """

    name: str = "worker"
