"""What secrets are drawn from: alphabets, and the bodies that people and machines make of them."""

from __future__ import annotations

import base64
import json
import random
import string
from typing import NamedTuple

ALNUM = string.ascii_letters + string.digits
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"
URLSAFE = ALNUM + "_-"


class Planted(NamedTuple):
    """A text and the values in it that must not come through."""

    kind: str
    text: str
    values: tuple[str, ...]


class Draw(random.Random):
    """Draws the bodies of secrets."""

    def of(self, letters: str, count: int) -> str:
        """Return `count` of the letters."""
        return "".join(self.choices(letters, k=count))

    def b64(self, count: int) -> str:
        """Return base64 of `count` random bytes."""
        return base64.b64encode(self.randbytes(count)).decode()

    def password(self) -> str:
        """Return a password as people choose them."""
        word = self.choice(
            ["Winter", "hunter", "Tr0ub4dor", "dragon", "Sommer", "letMeIn", "qwerty", "P4ris"]
        )
        return (
            word
            + self.choice(["!", "#", "_", "-", "@", ""])
            + str(self.randint(10, 9999))
            + self.choice(["", "x", "Z!"])
        )

    def person(self) -> str:
        """Return a user name."""
        return self.choice(
            ["jdoe", "m.smith", "akowalski", "li.wei", "sgarcia", "tanja_b", "okonkwo", "rpatel7"]
        )

    def host(self) -> str:
        """Return a machine's name without a domain."""
        return (
            self.choice(["web", "db", "app", "ldap", "mx", "node", "k8s-worker-"])
            + f"{self.randint(1, 99):02}"
        )

    def domain(self) -> str:
        """Return a company's domain."""
        return self.choice(
            [
                "acmebank.com",
                "corp.contoso-labs.net",
                "int.northwind.org",
                "prod.globex.io",
                "umbrella.co.uk",
            ]
        )

    def ipv4(self) -> str:
        """Return an address of a private network or of the internet."""
        first = self.choice(
            [
                f"10.{self.randint(1, 250)}",
                f"172.{self.randint(18, 31)}",
                "192.168",
                f"{self.randint(60, 99)}.{self.randint(20, 250)}",
            ]
        )
        return f"{first}.{self.randint(1, 250)}.{self.randint(2, 254)}"

    def ipv6(self) -> str:
        """Return a global or a unique local address."""
        groups = [self.choice(["2a02", "2003", "2600", "fd7a"])] + [
            f"{self.randint(4096, 65535):x}" for _ in range(7)
        ]
        return (
            ":".join(groups)
            if self.random() < 0.5
            else ":".join(groups[:4]) + "::" + f"{self.randint(1, 255):x}"
        )

    def mac(self) -> str:
        """Return a hardware address."""
        return ":".join(
            f"{self.choice([0x3C, 0xA4, 0x52] if not at else range(16, 250)):02x}"
            for at in range(6)
        )

    def jwt(self) -> str:
        """Return a signed web token."""

        def part(value: dict) -> str:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

        head, body = (
            part({"alg": "HS256", "typ": "JWT"}),
            part({"sub": self.of(LOWER, 9), "iat": self.randint(10**9, 2 * 10**9)}),
        )
        signature = base64.urlsafe_b64encode(self.randbytes(32)).decode().rstrip("=")
        return f"{head}.{body}.{signature}"

    def pem(self, kind: str) -> str:
        """Return a private key in armour."""
        lines = self.b64(360)
        body = "\n".join(lines[at : at + 64] for at in range(0, len(lines), 64))
        return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"
