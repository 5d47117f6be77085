"""Names that a user gave to adapters: each name always means the same content.

`gemma-4-31b-it-stig-v1` is used in configs and reports; training an adapter again
must not change what it means.
"""

from __future__ import annotations

import json
from pathlib import Path

from harness_forge.core.errors import ServeError
from harness_forge.core.files import locked, write_json


def path(home: Path) -> Path:
    """Return the file with the content of each given name."""
    return home / "serving" / "names.json"


def given(home: Path, name: str, digest: str) -> str:
    """Give `name` to this content for good, and return it.

    Raises:
        ServeError: it was given to other content before.
    """
    file = path(home)
    with locked(file.with_suffix(".lock")):
        known = _read(file)
        if (before := known.get(name, digest)) != digest:
            what = f"was given to another adapter before ({before[:12]}, not {digest[:12]})"
            raise ServeError(f"name {name}", what, "choose a new name, such as one version up")
        if name not in known:
            write_json(file, known | {name: digest}, sort_keys=True)
    return name


def of(home: Path, digest: str) -> list[str]:
    """Return the names that were given to this content.

    Raises:
        ServeError: the file of the names cannot be read.
    """
    return sorted(name for name, content in _read(path(home)).items() if content == digest)


def _read(place: Path) -> dict[str, str]:
    try:
        return json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise ServeError(str(place), "cannot be read", "put it back from a copy") from None
