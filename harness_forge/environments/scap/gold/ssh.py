"""The SSH server."""

from __future__ import annotations

from harness_forge.environments.scap.content import Rule
from harness_forge.environments.scap.gold.plan import wants
from harness_forge.environments.scap.gold.shell import Script, address, edit

_CONFIG = "/etc/ssh/sshd_config"


def sshd(rule: Rule) -> Script | None:
    """Set an option at the head of sshd_config.

    The first value that sshd reads is the one it keeps, drop-ins are included
    from below the head, and an option at the end may fall into a Match block.
    """
    for option in wants(rule):
        if len(option) == 1 and option[0].path == _CONFIG:
            key, line = option[0].key.split()[0], option[0].text
            return edit(
                _CONFIG, [f"1i {line}", f"{address(key, 'I')}d"], f"Set {line} for the SSH server."
            )
    return None
