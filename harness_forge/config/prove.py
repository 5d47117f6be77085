"""Settings of a proof."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProveConfig:
    """What an adapter is proven against, beside its base model.

    Args:
        server: compared with the training stack: none, start (one is started for
            the proof, by the serve workset), or the URL of a running one, up to
            and with /v1.
        tolerance: largest mean gap of log probabilities between training stack
            and server, in nats a token.
    """

    server: str = "none"
    tolerance: float = 0.05
