"""Whether this project uses an adapter: asked before anything loads it."""

from __future__ import annotations

from pathlib import Path

from harness_forge.config.signing import SigningConfig
from harness_forge.core.errors import ConfigError, TrainError
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.signing import keys, own_key, signature


def demand(adapter: Adapter, signing: SigningConfig) -> Adapter:
    """Return an adapter that this project uses.

    Without `signing.public_key` every adapter is; the others are asked for a signature.

    Raises:
        ConfigError: signatures are required, and no key says whose.
        TrainError: it is not signed by a trusted key, or was changed since.
    """
    if signing.public_key is None:
        if signing.required:
            what = "is true, and there is no key to check signatures with"
            raise ConfigError("signing.required", what, "signing.public_key=FILE")
        return adapter
    signature.check(adapter.folder, keys.trusted_keys(Path(signing.public_key)))
    return adapter


def signed(adapter: Adapter, signing: SigningConfig) -> Adapter:
    """Return an adapter after signing it with the project's own key, if it has one.

    One that is signed already stays as it is.

    Raises:
        TrainError: the key is not fit, or the folder cannot be written; the adapter is kept.
    """
    if signing.key is not None and not signature.is_signed(adapter.folder):
        signature.sign(adapter.folder, signing.key)
    return adapter


def demand_key(signing: SigningConfig) -> None:
    """Refuse a key that could not sign, before hours are spent on what it should sign.

    Raises:
        TrainError: it is not fit, or this project would refuse what it signs.
    """
    if signing.key is None:
        return
    own = own_key.public_pem(signing.key)
    if signing.public_key is None:
        return
    trusted = keys.trusted_keys(Path(signing.public_key))
    mine = next((one for one in trusted if one.pem == own), None)
    if mine is None:
        what = (
            f"is none of the keys of {signing.public_key}: this project would refuse its adapters"
        )
        hint = f"{own_key.shows_public(signing.key)} >> {signing.public_key}"
        raise TrainError(signing.key, what, hint)
    if fault := mine.fault():
        raise TrainError(signing.key, fault, "make a new certificate for it, or a new key")
