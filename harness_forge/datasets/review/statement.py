"""The review as a recipient checks it: a signed text beside the dataset, and a public key.

The review in the forge home is signed with a secret key, so that only its own home can check
it. With an EC key of the reviewer the same review is also written as a text with a signature
that openssl alone verifies:
`openssl dgst -sha256 -verify public.pem -signature NAME.review.sig NAME.review.json`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness_forge.core.errors import ExportError
from harness_forge.core.files import whole_file
from harness_forge.datasets.review.review import FOLDER, Review, digest_of
from harness_forge.registry.signing import own_key
from harness_forge.registry.signing.keys import TrustedKey

_SAYS = "This dataset was reviewed for personal data and secrets. Its files are those below."
_AGAIN = "ask whoever sent it for the dataset with both files beside it"


def text_of(review: Review) -> bytes:
    """Return what is signed: the review without the signature of its home."""
    said = {"statement": _SAYS, **asdict(review)}
    del said["signature"]
    return (json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def sign(review: Review, home: Path, key: str) -> None:
    """Keep the signature of a review that a recipient can check.

    Args:
        key: as `signing.key` names it.

    Raises:
        TrainError: the key is not fit.
        ExportError: it cannot be written.
    """
    _write(_kept(home, review), own_key.signed_text(key, text_of(review)))


def beside(folder: Path) -> tuple[Path, Path]:
    """Return the text and the signature of a dataset that was published to a folder."""
    text, signature = (f"{folder.name}.review.{end}" for end in ("json", "sig"))
    return folder.with_name(text), folder.with_name(signature)


def put(review: Review, home: Path, destination: Path) -> bool:
    """Write text and signature beside a published dataset; False if no key signed the review.

    Raises:
        ExportError: they cannot be written.
    """
    try:
        signature = _kept(home, review).read_bytes()
    except FileNotFoundError:
        return False
    text, sig = beside(destination)
    _write(text, text_of(review))
    _write(sig, signature)
    return True


def verify(folder: Path, trusted: Sequence[TrustedKey]) -> Mapping[str, Any]:
    """Return what the review of a received dataset says, once all of it holds.

    Raises:
        ExportError: a part is missing, no trusted key signed it, that key has expired, or a
            file of the dataset is not the one that was reviewed.
    """
    text, sig = beside(folder.resolve())
    raw, signature = _read(text), _read(sig)
    key = next((one for one in trusted if _signed(one, raw, signature)), None)
    if key is None:
        what = "is not signed by a key that is trusted here, or was changed since"
        raise ExportError(str(text), what, _AGAIN)
    if fault := key.fault():
        raise ExportError(str(sig), fault, "ask for a signature with a valid key")
    try:
        said = json.loads(raw)
        files, _ = dict(said["files"]), (said["who"], said["when"], sum(said["kinds"].values()))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ExportError(str(text), "is signed, and is no review", _AGAIN) from None
    _, here = digest_of(folder)
    if changed := sorted(name for name in {*files, *here} if files.get(name) != here.get(name)):
        what = f"is not what was reviewed: {', '.join(changed)[:300]}"
        raise ExportError(str(folder), what, _AGAIN)
    return said


def _signed(key: TrustedKey, raw: bytes, signature: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key.key().verify(signature, raw, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _kept(home: Path, review: Review) -> Path:
    """Return where a review's signature is kept; another review of the dataset has another."""
    return home / FOLDER / "signatures" / f"{review.signature[:32]}.sig"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        what = "is missing, so nothing says who reviewed the dataset"
        raise ExportError(str(file), what, _AGAIN) from None
    except OSError as error:
        raise ExportError(str(file), f"cannot be read: {error.strerror}") from None


def _write(place: Path, data: bytes) -> None:
    try:
        with whole_file(place) as draft, draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ExportError(str(place), f"cannot be written: {error.strerror}") from None
