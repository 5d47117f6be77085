"""The SSH server."""

from __future__ import annotations

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold.plan import wants
from harness_forge.rollouts.environments.scap.gold.shell import Script, address, edit

_CONFIG = "/etc/ssh/sshd_config"


def sshd(rule: ScapRule) -> Script | None:
    """Set an option at the top of sshd_config.

    sshd keeps the first value that it reads, drop-ins are included further down,
    and an option at the end may fall into a Match block.
    """
    for option in wants(rule):
        if option and all(want.path == _CONFIG for want in option):
            lines = [want.text for want in option]
            keys = [want.key.split()[0] for want in option]
            commands = [f"1i {line}" for line in lines] + [f"{address(k, 'I')}d" for k in keys]
            return edit(_CONFIG, commands, f"Set {' and '.join(lines)} for the SSH server.")
    return None
