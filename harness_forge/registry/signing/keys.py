"""EC keys and certificates in PEM files; each fault is said in words."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_forge.core.errors import TrainError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

PASSWORD = "FORGE_SIGNING_PASSWORD"  # noqa: S105 - the name of a variable
"""The variable of the environment with the password of an encrypted private key."""

MAKE = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem"
INSTALL = "pip install 'harness-forge[signing]'"
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----\n?", re.DOTALL)
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
KIND = f"EC keys of {', '.join(_CURVES.values())} sign"


@dataclass(frozen=True)
class TrustedKey:
    """A public key whose signatures are accepted.

    Args:
        pem: the key alone, also where the file holds a certificate.
        since, until: a certificate's dates; None for a bare key, which never expires.
    """

    pem: bytes
    since: datetime | None = None
    until: datetime | None = None

    @property
    def hint(self) -> str:
        """The hash by which a signature names its key."""
        return sha256(self.pem).hexdigest()

    def fault(self, now: datetime | None = None) -> str:
        """Return in words why it must not be used at a time, by default now; '' if it may."""
        now = now or datetime.now(UTC)
        if self.until and now > self.until:
            return f"the certificate of its key expired on {self.until:%Y-%m-%d}"
        if self.since and now < self.since:
            return f"the certificate of its key is not valid before {self.since:%Y-%m-%d}"
        return ""

    def key(self) -> Any:
        """Return the key as the library takes it."""
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        return load_pem_public_key(self.pem)


def trusted_keys(file: Path) -> list[TrustedKey]:
    """Return every public key and certificate of a PEM file, expired ones too.

    Raises:
        TrainError: it cannot be read, holds none, or one is not an EC key that signs.
    """
    found = list(_trusted(file, _read(file)))
    if not found:
        what = "holds no public key and no certificate in PEM form"
        raise TrainError(str(file), what, "openssl pkey -in key.pem -pubout -out public.pem")
    return found


def private_key(file: Path) -> ec.EllipticCurvePrivateKey:
    """Return the private key of a PEM file.

    Raises:
        TrainError: it cannot be read, is of another kind, or needs another password.
    """
    demand_library(file)
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _read(file)
    if b"PRIVATE KEY-----" not in data:
        what = "holds no private key in PEM form"
        raise TrainError(str(file), what, f"make one: {MAKE}")
    try:
        key = load_pem_private_key(data, password())
    except TypeError as error:
        encrypted = "encrypted" in str(error) and "not encrypted" not in str(error)
        what = "is encrypted" if encrypted else "is not encrypted, and a password was given"
        hint = f"{'put its password into' if encrypted else 'take it out of'} {PASSWORD}"
        raise TrainError(str(file), what, hint) from None
    except (ValueError, UnsupportedAlgorithm):
        what = "cannot be read as a private key"
        hint = f"is the password in {PASSWORD} right?" if password() else f"make one: {MAKE}"
        raise TrainError(str(file), what, hint) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in _CURVES:
        raise TrainError(str(file), f"is {_named(key)}", f"{KIND}: {MAKE}")
    return key


def public_pem(key: Any) -> bytes:
    """Return the public half of a key, or a public key, in PEM form."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    half = key.public_key() if hasattr(key, "public_key") else key
    return half.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def password() -> bytes | None:
    """Return the password of the environment; None without one."""
    return os.environ.get(PASSWORD, "").encode() or None


def demand_library(where: object) -> None:
    """Refuse where the extra of signatures is not installed.

    Raises:
        TrainError: it is not.
    """
    from importlib.util import find_spec

    for name in ("cryptography", "model_signing", "OpenSSL"):
        if find_spec(name) is None:
            what = f"signatures need {name}, which is not installed"
            raise TrainError(str(where), what, INSTALL)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise TrainError(str(file), f"cannot be read: {error.strerror}") from None


def _trusted(file: Path, data: bytes) -> Iterator[TrustedKey]:
    demand_library(file)
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    for block in _BLOCK.finditer(data):
        kind, dates = block[1].decode(), (None, None)
        if "PRIVATE KEY" in kind:
            what = "holds a private key: whom to trust is said with the public one"
            hint = f"openssl pkey -in {file} -pubout -out public.pem"
            raise TrainError(str(file), what, hint)
        try:
            if kind == "CERTIFICATE":
                held = x509.load_pem_x509_certificate(block[0])
                key, dates = (
                    held.public_key(),
                    (held.not_valid_before_utc, held.not_valid_after_utc),
                )
            elif kind == "PUBLIC KEY":
                key = load_pem_public_key(block[0])
            else:
                continue
        except (ValueError, UnsupportedAlgorithm):
            what = f"holds a {kind.lower()} that cannot be read"
            raise TrainError(str(file), what, "copy it again") from None
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _CURVES:
            raise TrainError(str(file), f"holds {_named(key)}", f"{KIND}: {MAKE}")
        yield TrustedKey(public_pem(key), *dates)


def _named(key: Any) -> str:
    """Return in words what a key is."""
    curve = getattr(getattr(key, "curve", None), "name", "")
    kind = type(key).__name__.removesuffix("PrivateKey").removesuffix("PublicKey").lstrip("_")
    return f"an EC key of the curve {curve}" if curve else f"a key of the kind {kind}"
