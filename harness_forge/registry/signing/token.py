"""A key that never leaves its token: a smart card, a security module, SoftHSM (PKCS #11).

It is named by a URI of RFC 7512: the token, the key on it, and the library that speaks to it, as
`pkcs11:token=NAME;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness_forge.core.errors import TrainError
from harness_forge.registry.signing import keys

if TYPE_CHECKING:
    from model_signing.signing import Config

SCHEME = "pkcs11:"
INSTALL = "pip install 'harness-forge[pkcs11]'"
_FORM = "pkcs11:token=NAME;object=KEY?module-path=FILE"
_PIN = re.compile(r"(?<=[?&])pin-value=[^&]*")
_SAID = {
    "CKR_PIN_INCORRECT": "its PIN is another",
    "CKR_PIN_LEN_RANGE": "its PIN is another",
    "CKR_PIN_LOCKED": "its PIN is locked, after too many wrong ones",
    "CKR_USER_NOT_LOGGED_IN": "needs its PIN",
    "CKR_TOKEN_NOT_PRESENT": "its token is not plugged in",
    "CKR_DEVICE_REMOVED": "its token is not plugged in",
}


@contextmanager
def opened(uri: str) -> Iterator[tuple[Config, Any]]:
    """Give the library's configuration for a key, and its signer; the session ends with the block.

    Raises:
        TrainError: the URI, the module, the token, the key or the PIN is not right, or the key
            is of another kind.
    """
    shown = _PIN.sub("pin-value=…", uri)
    keys.demand_library(shown)
    if find_spec("PyKCS11") is None:
        what = "keys of tokens need PyKCS11, which is not installed"
        raise TrainError(shown, what, INSTALL)
    if shown != uri:
        # What a config says is written down with what was made by it.
        what = "has its PIN in it"
        raise TrainError(shown, what, f"put it into {keys.PASSWORD}, or use pin-source=file:FILE")
    module = re.search(r"[?&]module-path=([^&]+)", uri)
    if module is None or not Path(module[1]).is_file():
        what = f"there is no module {module[1]}" if module else "names no module"
        raise TrainError(shown, what, f"as {_FORM}; FILE is the library of the token's maker")
    config = _logged_in(uri, shown)
    # The library has no public way to the key's other half, or to sign a text that is no folder.
    signer = config._signer
    try:
        yield config, signer
    except TrainError:
        raise
    except Exception as error:
        if type(error).__name__ != "PyKCS11Error":
            raise
        raise TrainError(shown, f"does not sign: {_words(error)}", "try again") from None
    finally:
        with suppress(Exception):
            signer.session.logout()
        with suppress(Exception):
            signer.session.closeSession()
        signer.session = None


def signed_text(signer: Any, text: bytes) -> bytes:
    """Return the signature of a text, ECDSA over its SHA-256 as DER."""
    from hashlib import sha256

    import PyKCS11
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    mechanism = PyKCS11.Mechanism(PyKCS11.CKM_ECDSA, None)
    raw = bytes(signer.session.sign(signer._private_key, sha256(text).digest(), mechanism))
    half = len(raw) // 2  # r and s, each as long as the curve's order
    return encode_dss_signature(
        int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
    )


def _logged_in(uri: str, shown: str) -> Config:
    from model_signing import signing

    whole = uri
    if (pin := keys.password()) and "pin-source=" not in uri:
        whole = f"{uri}{'&' if '?' in uri else '?'}pin-value={quote(pin, safe='')}"
    try:
        return signing.Config().use_pkcs11_signer(pkcs11_uri=whole)
    except Exception as error:  # the module is anybody's, and the library names no faults
        what = f"cannot be used: {_words(error)}"
        pin_hint = f"put its PIN into {keys.PASSWORD}"
        known = pin_hint if "PIN" in what else f"as {_FORM}; `pkcs11-tool --module FILE -O` lists"
        raise TrainError(shown, what, known) from None


def _words(error: Exception) -> str:
    text = str(error)
    for code, words in _SAID.items():
        if code in text:
            return words
    if "Could not find any object" in text:
        return "its token has no such key that is readable; a private one needs its PIN"
    if "Could not find a token" in text:
        return "there is no such token"
    if "Unsupported key for curve" in text:
        return f"its key has another curve; {keys.KIND}"
    if "CKA_EC" in text or "CKR_ATTRIBUTE" in text or isinstance(error, TypeError):
        return f"its key is no EC key; {keys.KIND}"
    return text.splitlines()[0][:200] if text else type(error).__name__
