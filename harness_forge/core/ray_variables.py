"""Variables for Ray: no telemetry; a cluster of one's own on the loopback alone, with a token.

Ray resolves 127.0.0.1 to an address that other machines reach unless it is set that there
is no cluster, which its variable for Windows and macOS does on Linux too.
"""

from __future__ import annotations

import secrets

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
}
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "token"}


def ray_variables(*, local: bool) -> dict[str, str]:
    """Return the variables to set before Ray starts.

    Args:
        local: a cluster is started here, for one command alone: other users of the machine
            reach the loopback too, so that it takes a token.
    """
    own = _LOOPBACK | {"RAY_AUTH_TOKEN": secrets.token_hex(32)} if local else {}
    return _QUIET | own
