"""Settings of signatures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SigningConfig:
    """Whose adapters are used, and with which key yours are signed; nothing asks a network.

    Args:
        required: true refuses every adapter for as long as there is no
            `public_key`, so that a project cannot lose its check with that key.
        public_key: a PEM file of trusted EC public keys, or certificates with
            such keys; an adapter without a valid signature of one of them is
            refused before it is loaded. Null checks nothing.
        key: a PEM file of your own EC private key, or `pkcs11:…`, one on a token
            (RFC 7512); a training signs its adapter with it, and so does
            `forge redact review`. Null signs nothing.
    """

    required: bool = False
    public_key: str | None = None
    key: str | None = None
