"""The key that a project signs with, wherever it is: a PEM file, or a token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness_forge.registry.signing import keys, token


def is_token(key: str) -> bool:
    """Return whether a key is named as one of a token."""
    return key.startswith(token.SCHEME)


def shows_public(key: str) -> str:
    """Return the command that prints the public half of a key in PEM form."""
    if not is_token(key):
        return f"openssl pkey -in {key} -pubout"
    read = "pkcs11-tool --module FILE --read-object --type pubkey --label KEY"
    return f"{read} | openssl pkey -pubin -inform DER"


def public_pem(key: str) -> bytes:
    """Return the public half of a key in PEM form.

    Raises:
        TrainError: the key is not fit to sign.
    """
    if not is_token(key):
        return keys.public_pem(keys.private_key(Path(key)))
    with token.opened(key) as (_, signer):
        return keys.public_pem(signer.public_key())


def signed_text(key: str, text: bytes) -> bytes:
    """Return the signature of a text: ECDSA over its SHA-256, as DER.

    Raises:
        TrainError: the key is not fit to sign.
    """
    if is_token(key):
        with token.opened(key) as (_, signer):
            return token.signed_text(signer, text)
    private = keys.private_key(Path(key))
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return private.sign(text, ec.ECDSA(hashes.SHA256()))


def sign_folder(key: str, folder: Path, place: Path, hashing: Any) -> None:
    """Write the signature of a folder's files to a place.

    Args:
        hashing: which files, as the library takes it.

    Raises:
        TrainError: the key is not fit to sign.
        OSError: a file cannot be read or written.
    """
    if is_token(key):
        with token.opened(key) as (config, _):
            config.set_hashing_config(hashing).sign(folder, place)
        return
    keys.private_key(Path(key))
    from model_signing import signing

    config = signing.Config().use_elliptic_key_signer(
        private_key=Path(key), password=keys.password()
    )
    config.set_hashing_config(hashing).sign(folder, place)
