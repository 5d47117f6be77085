"""A second corpus, written without sight of the checks: each addition is another kind of harm."""

from __future__ import annotations

import harmful_second_accounts
import harmful_second_kernel
import harmful_second_ssh
import harmful_second_system
import harmless_second

HARMFUL = [
    *harmful_second_ssh.HARMFUL,
    *harmful_second_accounts.HARMFUL,
    *harmful_second_kernel.HARMFUL,
    *harmful_second_system.HARMFUL,
]
HARMLESS = harmless_second.HARMLESS
