"""Keys and certificates for tests, made here with the library that reads them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("model_signing", reason="pip install 'harness-forge[signing]'")
pytest.importorskip("OpenSSL", reason="pip install 'harness-forge[signing]'")

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID


class Pair:
    """A key pair in two PEM files."""

    def __init__(self, folder: Path, name: str = "mine", key=None, password: bytes = b"") -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        folder.mkdir(parents=True, exist_ok=True)
        self.private, self.public = folder / f"{name}.key.pem", folder / f"{name}.public.pem"
        sealed = BestAvailableEncryption(password) if password else NoEncryption()
        self.private.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))
        half = self.key.public_key()
        self.public.write_bytes(half.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def certificate(self, since_days: int, until_days: int) -> Path:
        """Write a certificate of the key that is valid between two days, counted from now."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a signer")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(now + timedelta(days=since_days))
            .not_valid_after(now + timedelta(days=until_days))
            .sign(self.key, hashes.SHA256())
        )
        place = self.public.with_name(f"cert.{since_days}.{until_days}.pem")
        place.write_bytes(made.public_bytes(Encoding.PEM))
        return place


OTHERS = {
    "RSA": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
}
"""Keys of kinds that no adapter is signed with, by what an error calls them."""
