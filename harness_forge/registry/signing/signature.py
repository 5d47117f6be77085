"""The signature of an adapter's folder: a file `model.sig` that covers every other file.

It is made and checked by the library model-signing, so its own command verifies it too:
`model_signing verify key FOLDER --signature FOLDER/model.sig --public_key public.pem`.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness_forge.core.errors import TrainError
from harness_forge.registry.adapters import package
from harness_forge.registry.adapters.package import SIGNATURE
from harness_forge.registry.signing import own_key
from harness_forge.registry.signing.keys import TrustedKey

_AGAIN = "if you made it: `forge adapter sign NAME signing.key=FILE`"


def sign(folder: Path, key: str) -> None:
    """Sign an adapter as it is now; an earlier signature is replaced.

    Args:
        key: as `signing.key` names it.

    Raises:
        TrainError: the adapter is damaged, the key is not fit, or the folder cannot be written.
    """
    folder = package.load(folder).folder
    draft = folder.with_name(f".{SIGNATURE}.{os.getpid()}")
    try:
        own_key.sign_folder(key, folder, draft, _hashing())
        draft.replace(folder / SIGNATURE)
    except OSError as error:
        what = f"cannot be written: {error.strerror}"
        raise TrainError(str(folder), what, "it is as it was") from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def check(folder: Path, trusted: Sequence[TrustedKey]) -> TrustedKey:
    """Return the key that signed an adapter, once every file is found to be as it was signed.

    Raises:
        TrainError: it is not signed, with another key, with one that has expired, or a file
            was changed, added or taken away since.
    """
    # The library takes no link for a folder, and a name in the registry is one.
    folder = folder.resolve()
    bundle = _bundle(folder)
    hint = _hint(bundle)
    key = next((one for one in trusted if one.hint == hint), None)
    if key is None:
        what = "is signed with a key that is not trusted here"
        raise TrainError(str(folder), what, f"signing.public_key says whose are; {_AGAIN}")
    if fault := key.fault():
        hint = "no clock vouches for when it was signed: sign it again with a valid key"
        raise TrainError(str(folder), fault, hint)
    if fault := _fault(folder, key) or _uncovered(folder, bundle):
        raise TrainError(str(folder), fault, f"copy it again from where it was signed; {_AGAIN}")
    return key


def is_signed(folder: Path) -> bool:
    """Return whether there is a signature, valid or not."""
    return (folder / SIGNATURE).is_file()


def _hashing() -> Any:
    from model_signing import hashing

    # The library leaves files of Git out unless it is told not to.
    return hashing.Config().set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)


def _bundle(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / SIGNATURE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        what = f"is not signed (no {SIGNATURE})"
        raise TrainError(str(folder), what, _AGAIN) from None
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        what = f"its signature ({SIGNATURE}) cannot be read"
        raise TrainError(str(folder), what, "copy it again from where it was signed")
    return found


def _hint(bundle: dict[str, Any]) -> str:
    """Return the hash of the key that a signature names; '' where it names none."""
    try:
        return str(bundle["verificationMaterial"]["publicKey"]["hint"])
    except (KeyError, TypeError):
        return ""


def _fault(folder: Path, key: TrustedKey) -> str:
    """Return in words what the library finds wrong; '' for nothing."""
    from cryptography.exceptions import InvalidSignature
    from model_signing import verifying

    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(key.pem)
        file.flush()
        config = verifying.Config().use_elliptic_key_verifier(public_key=Path(file.name))
        config.set_hashing_config(_hashing())
        try:
            # The library prints notes of its own.
            with contextlib.redirect_stdout(io.StringIO()):
                config.verify(folder, folder / SIGNATURE)
        except InvalidSignature:
            return f"its signature ({SIGNATURE}) was changed after it was made"
        except ValueError as error:
            if (said := str(error)).startswith("Signature mismatch"):
                return f"is not what was signed: {said.partition(': ')[2].strip('[]')[:300]}"
            return f"its signature ({SIGNATURE}) cannot be read as one of model-signing"
        except OSError as error:
            return f"cannot be read while its signature is checked: {error.strerror}"
        except Exception as error:  # the file is anybody's, and the library names no other faults
            return f"its signature ({SIGNATURE}) cannot be read ({type(error).__name__})"
    return ""


def _uncovered(folder: Path, bundle: dict[str, Any]) -> str:
    """Return which files a signature does not cover: who signs may tell the library to skip some.

    Its payload is what the key has signed, for `_fault` found nothing.
    """
    try:
        payload = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        covered = {one["name"] for one in payload["predicate"]["resources"]}
    except (KeyError, TypeError, ValueError):
        return f"its signature ({SIGNATURE}) does not say which files it covers"
    left = sorted({file.name for file in folder.iterdir()} - covered - {SIGNATURE})
    return f"its signature does not cover {', '.join(left)}" if left else ""
