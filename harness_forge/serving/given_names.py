"""Names that a user gave to adapters: each means one content for ever.

`gemma-4-31b-it-stig-v1` goes into configs and reports; it must not come to
mean other weights because an adapter was trained again.
"""

from __future__ import annotations

import json
from pathlib import Path

from harness_forge.core.errors import ServeError
from harness_forge.core.files import locked, write_json


def path(home: Path) -> Path:
    """Return the file that says which content each name was given to."""
    return home / "serving" / "names.json"


def given(home: Path, name: str, digest: str) -> str:
    """Return `name`, given to this content from now on.

    Raises:
        ServeError: it was given to other content before.
    """
    place = path(home)
    with locked(place.with_suffix(".lock")):
        known = _read(place)
        if (before := known.get(name, digest)) != digest:
            what = f"was given to another adapter before ({before[:12]}, not {digest[:12]})"
            raise ServeError(f"name {name}", what, "choose a new name, such as one version up")
        if name not in known:
            write_json(place, known | {name: digest}, sort_keys=True)
    return name


def _read(place: Path) -> dict[str, str]:
    try:
        return json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise ServeError(str(place), "cannot be read", "put it back from a copy") from None
