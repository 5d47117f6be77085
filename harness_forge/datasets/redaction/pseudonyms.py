"""Pseudonyms: equal values get equal pseudonyms, which cannot be reversed without the key.

No counter is shared, so any number of workers write the same words. Names are
of 32 bits: two of a thousand values share one with odds of 1 in 8,600.

Forms keep a script runnable and are never found again:

    secrets     redacted-github-token-1f2e3d4c    no character that a shell, JSON or a URL treats
    hosts       host-1f2e3d4c.net-5b6a7988.example  (RFC 2606), host-1f2e3d4c without a domain
    users       user-1f2e3d4c
    mail        user-1f2e3d4c@mail.example
    IPv4        198.18.0.0/15                     RFC 2544, never routed; the last number stays
    IPv6        2001:db8::/32                     RFC 3849; the last 64 bits are hashed apart
    MAC         02:00:5e:…                        locally administered, in the separators it had
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache

from harness_forge.datasets.redaction.known import SOFT_TOP_LEVEL, TOP_LEVEL

DIGITS = 8
PREFIX = "redacted-"
TEST_NET = ipaddress.IPv4Network("198.18.0.0/15")
"""IPv4 pseudonyms. The three documentation ranges hold 762 addresses: 33 would do for even odds
that two share one. These have 512 networks of 256."""
DOC_NET6 = ipaddress.IPv6Network("2001:db8::/32")
_OWN = re.compile(rf"(?:{PREFIX}[a-z0-9-]+|user|host|net)-[0-9a-f]{{{DIGITS}}}(?:[.@].*)?")


def is_pseudonym(value: str) -> bool:
    """Return whether a value is a pseudonym of any key; addresses are recognized by range."""
    return _OWN.fullmatch(value) is not None


class Pseudonyms:
    """Makes pseudonyms under one key.

    Args:
        key: 16 to 64 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        forms: dict[str, Callable[[str, str], str]] = {
            "host": self._host,
            "user": self._user,
            "email": self._email,
            "ipv4": self._ipv4,
            "ipv6": self._ipv6,
            "mac": self._mac,
        }
        self._forms = forms
        # Cached per instance: a pseudonym is needed for every occurrence of its value.
        self.of = lru_cache(maxsize=65536)(self._of)

    def _of(self, kind: str, value: str) -> str:
        """Return the pseudonym of `value`."""
        return self._forms.get(kind, self._secret)(kind, value)

    def _number(self, kind: str, value: str) -> int:
        words = value.encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(words, digest_size=8, key=self._key, person=kind.encode()[:16])
        return int.from_bytes(digest.digest(), "big")

    def _tag(self, kind: str, value: str) -> str:
        return f"{self._number(kind, value):016x}"[:DIGITS]

    def _secret(self, kind: str, value: str) -> str:
        return f"{PREFIX}{kind.replace('_', '-')}-{self._tag(kind, value)}"

    def _host(self, kind: str, value: str) -> str:
        """Hash label and domain apart: web01 is the same machine with and without its domain."""
        label, _, domain = value.lower().rstrip(".").partition(".")
        if domain in TOP_LEVEL | SOFT_TOP_LEVEL:
            return f"net-{self._tag('net', f'{label}.{domain}')}.example"
        suffix = f".net-{self._tag('net', domain)}.example" if domain else ""
        return f"host-{self._tag(kind, label)}{suffix}"

    def _user(self, kind: str, value: str) -> str:
        return f"user-{self._tag(kind, value.lower())}"

    def _email(self, kind: str, value: str) -> str:
        return f"user-{self._tag(kind, value.lower())}@mail.example"

    def _ipv4(self, kind: str, value: str) -> str:
        """Keep neighbours together: the /24 is hashed, the last number is kept.

        So a mask, a gateway and a range in one script still fit each other.
        `value` may have a mask, such as 10.1.0.0/16; it is kept.
        """
        address, slash, bits = value.partition("/")
        network, last = address.rsplit(".", 1)
        base = int(TEST_NET.network_address) + (self._number(kind, network) % 512) * 256
        number = base + int(last)
        if slash and int(ipaddress.IPv4Address(address)) & (0xFFFFFFFF >> int(bits)) == 0:
            number &= 0xFFFFFFFF << (32 - int(bits))
        return f"{ipaddress.IPv4Address(number & 0xFFFFFFFF)}{slash}{bits}"

    def _ipv6(self, kind: str, value: str) -> str:
        packed = ipaddress.IPv6Address(value).packed
        network = self._number(kind, packed[:8].hex()) & 0xFFFFFFFF
        host = int.from_bytes(packed[8:], "big")
        if host > 0xFFFF:  # small ones such as ::1 name no machine
            host = self._number(kind, packed.hex())
        return str(ipaddress.IPv6Address(int(DOC_NET6.network_address) | network << 64 | host))

    def _mac(self, kind: str, value: str) -> str:
        pure = value.lower().replace(":", "").replace("-", "").replace(".", "")
        number = f"02005e{self._number(kind, pure) & 0xFFFFFF:06x}"
        if "." in value:
            return ".".join(number[at : at + 4] for at in (0, 4, 8))
        mark = "-" if "-" in value else ":"
        return mark.join(number[at : at + 2] for at in range(0, 12, 2))
