"""Probe prompts: a fixed small set in our own words, sent to a base model and its adapter.

They look like the worker's prompts but quote no SCAP content and no dataset, so
that they look at no split. Proof and smoke test both use them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness_forge.core.records import Message, WorkItem
from harness_forge.rollouts.policies.prompts import worker_messages

_ITEMS = (
    ("probe_ssh_root", "Root must not log in over SSH", "high"),
    ("probe_sysctl_forward", "The kernel must not forward packets", "medium"),
    ("probe_passwd_mode", "Only root may write the user database", "medium"),
    ("probe_shadow_owner", "Root must own the file of password hashes", "medium"),
    ("probe_login_banner", "A notice must be shown before login", "low"),
    ("probe_min_length", "Passwords must have fifteen characters or more", "medium"),
)


def messages(hosts: Sequence[str]) -> list[list[Message]]:
    """Return the probe prompts, each as chat messages.

    Args:
        hosts: the names of the machine to be fixed, one for each skill, used in turn.
    """
    return [
        worker_messages(_item(*facts), hosts[number % len(hosts)])
        for number, facts in enumerate(_ITEMS)
    ]


def tools() -> list[dict[str, Any]]:
    """Return the tools that every probe offers: the worker's."""
    from harness_forge.rollouts.environments.scap.environment import TOOLS

    return list(TOOLS)


def _item(name: str, title: str, severity: str) -> WorkItem:
    return WorkItem(name, title, severity, family="probe", group_key=name)
