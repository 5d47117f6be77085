"""The signed review of a dataset: reviewer, time, and hashes of the files.

It is stored in the forge home, not in the dataset: the dataset's bytes do not depend on
when or by whom it was written. The digest covers every file, so a changed, added or removed
one voids the review; the signature is made with the key of the pseudonyms, so
a review cannot be written by hand.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness_forge.core.dataset_files import MANIFEST
from harness_forge.core.errors import ExportError
from harness_forge.core.files import write_json
from harness_forge.datasets.redaction.key import load_key

FOLDER = "reviews"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Review:
    """One signed review.

    Args:
        dataset: the folder's name.
        digest: of all its files, see `digest_of`.
        files: sha256 by name.
        who, when: as signed; `when` in UTC.
        kinds: number of replacements of each kind in the files.
        settings: of redaction, as `RedactionConfig.shown` tells them.
        signature: of all the rest, under the key of the forge home.
    """

    dataset: str
    digest: str
    files: Mapping[str, str]
    who: str
    when: str
    kinds: Mapping[str, int]
    settings: Mapping[str, Any]
    signature: str = ""

    def signed_with(self, key: bytes) -> str:
        """Return the correct signature."""
        held = asdict(self) | {"signature": ""}
        words = json.dumps(held, sort_keys=True, ensure_ascii=False).encode()
        return hmac.new(key, b"review\0" + words, hashlib.sha256).hexdigest()


def sign(
    folder: Path,
    home: Path,
    who: str,
    kinds: Mapping[str, int],
    settings: Mapping[str, Any],
    *,
    digest: str,
) -> Review:
    """Write the review of a dataset and return it.

    Args:
        digest: of the dataset before it was surveyed; what is signed is what was seen.

    Raises:
        ExportError: the dataset has changed since, or the key is not fit.
    """
    now, files = digest_of(folder)
    if now != digest:
        raise ExportError(str(folder), "has changed while it was reviewed", "review it again")
    when = datetime.now(UTC).isoformat(timespec="seconds")
    review = Review(folder.resolve().name, now, files, who, when, dict(kinds), dict(settings))
    review = Review(**(asdict(review) | {"signature": review.signed_with(load_key(home))}))
    write_json(_place(home, now), asdict(review), sort_keys=True)
    return review


def require_review(folder: Path, home: Path) -> Review:
    """Return the valid review of a dataset.

    Raises:
        ExportError: there is none, it is not of these bytes, or it was not signed here.
    """
    digest, files = digest_of(folder)
    path = _place(home, digest)
    hint = f"forge redact review {shlex.quote(str(folder))} shows what was replaced, and signs"
    if not path.exists():
        raise ExportError(str(folder), _why_none(folder, home, files), hint)
    try:
        review = Review(**json.loads(path.read_text(encoding="utf-8")))
        valid = hmac.compare_digest(review.signature, review.signed_with(load_key(home)))
    except (ValueError, TypeError):
        raise ExportError(str(path), "cannot be read as a review", hint) from None
    if not valid or review.digest != digest or dict(review.files) != files:
        raise ExportError(str(path), "was not signed with the key of this forge home", hint)
    return review


def digest_of(folder: Path) -> tuple[str, dict[str, str]]:
    """Return the digest of a dataset, and of each of its files by name.

    Raises:
        ExportError: it is no dataset, or holds something that is no plain file.
    """
    if not (folder / MANIFEST).is_file():
        raise ExportError(str(folder), "is no dataset", "forge export writes one")
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ExportError(f"{folder}/{name}", "is no plain file", "a dataset has only such")
        if path.is_file():
            files[name] = _sha256(path)
    whole = "".join(f"{digest}  {name}\n" for name, digest in files.items())
    return hashlib.sha256(whole.encode()).hexdigest(), files


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _place(home: Path, digest: str) -> Path:
    return home / FOLDER / f"{digest[:32]}.json"


def _why_none(folder: Path, home: Path, files: Mapping[str, str]) -> str:
    """Return why a dataset has no valid review: none at all, or what changed since."""
    earlier = sorted(_earlier(home, folder.resolve().name), key=lambda held: held["when"])
    if not earlier:
        return "was not reviewed"
    seen = earlier[-1]["files"]
    changed = sorted(name for name in {*files, *seen} if files.get(name) != seen.get(name))
    return f"has changed since its review of {earlier[-1]['when']}: {', '.join(changed)}"


def _earlier(home: Path, dataset: str) -> list[dict[str, Any]]:
    found = []
    for path in (home / FOLDER).glob("*.json"):
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            continue
        if isinstance(held, dict) and held.get("dataset") == dataset and held.get("when"):
            found.append(held)
    return found
