"""The mark of a dataset that must be made anew: what it says, for all who read datasets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness_forge.core.dataset_files import STALE
from harness_forge.core.errors import ExportError


def facts(folder: Path) -> dict[str, Any]:
    """Return the mark of a dataset; {} if it has none.

    Raises:
        ExportError: it cannot be read.
    """
    try:
        found = json.loads((folder / STALE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise ExportError(str(folder / STALE), f"cannot be read: {error}") from None
    return found if isinstance(found, dict) else {}


def says(folder: Path) -> str:
    """Return in a sentence why a dataset is stale and what makes it anew; '' if it is not.

    Raises:
        ExportError: the mark cannot be read.
    """
    found = facts(folder)
    told = [
        f"{one.get('rows')} of its rows were forgotten {str(one.get('when'))[:10]}"
        f" ({one.get('why')})"
        for one in found.get("reasons") or ()
    ]
    return f"{'; '.join(told)}: {found.get('remake')} writes it anew" if told else ""
