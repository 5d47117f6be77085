"""Sends a reviewed dataset, or an adapter that was trained on one, to the Hugging Face Hub.

Nothing is sent by default: it takes a signed review of the dataset's very bytes, consent for
each of its rows, a token, and the word of the person who asks. The repository is private, and
one that is public is refused: who makes it public does so on the Hub.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness_forge.core.children import NoAnswer, answer_of
from harness_forge.core.dataset_files import MANIFEST
from harness_forge.core.errors import ExportError
from harness_forge.core.numbers import counted
from harness_forge.worksets.worksets import environment_of, python_of

HUB = "hf://"
WORKSET = "hf"
TOKENS = ("HF_TOKEN", "HUGGINGFACE_API_KEY")
"""Variables with a token of the Hub; the first one that is set."""
_REPOSITORY = re.compile(r"[\w-][\w.-]{0,95}/[\w-][\w.-]{0,95}")
_AGREED = frozenset(("own", "general", "granted"))
_WORKER = Path(__file__).with_name("hub_worker.py")


def repository_of(destination: str) -> str:
    """Return the repository of `hf://OWNER/NAME`.

    Raises:
        ExportError: it names none.
    """
    repository = destination.removeprefix(HUB)
    if not _REPOSITORY.fullmatch(repository):
        raise ExportError(destination, "names no repository", f"write: {HUB}OWNER/NAME")
    return repository


def demand_consent(folder: Path) -> None:
    """Refuse a dataset with rows of people who did not agree, or of whom nobody knows.

    Raises:
        ExportError: it has such rows.
    """
    counts = json.loads((folder / MANIFEST).read_text(encoding="utf-8")).get("consent")
    if not counts:
        hint = "export it again: its manifest then says it"
        raise ExportError(str(folder), "does not say whose rows are in it", hint)
    others = {name: rows for name, rows in counts.items() if name not in _AGREED and rows}
    if others:
        said = ", ".join(f"{counted(rows, 'row')} {name}" for name, rows in others.items())
        hint = "export.consent=granted leaves them out; source.consent=granted says they agreed"
        raise ExportError(str(folder), f"consent is not granted for all of it: {said}", hint)


def demand_ready(home: Path) -> str:
    """Return which variable holds the token.

    Raises:
        ExportError: none does.
        WorksetError: the workset is not installed.
    """
    found = next((name for name in TOKENS if os.environ.get(name)), None)
    if found is None:
        hint = f"export {TOKENS[0]}=… with a token that may write; it is kept nowhere"
        raise ExportError("Hugging Face", "there is no token", hint)
    python_of(WORKSET, home)
    return found


def push(folder: Path, repository: str, kind: str, home: Path) -> Mapping[str, Any]:
    """Send a folder's files to a private repository, made if there is none; return what it says.

    Args:
        kind: dataset or model.

    Raises:
        ExportError: the Hub refused it, or cannot be reached.
        WorksetError: the workset is not installed.
    """
    command = [python_of(WORKSET, home), "-P", _WORKER, folder, repository, kind]
    environment = environment_of(WORKSET, home)
    try:
        said = answer_of(command, environment)
    except NoAnswer as ended:
        said = {"fault": f"ended with code {ended.code}: {ended.last}"}
    if "fault" in said:
        hint = "is the network up, and may the token write there?"
        raise ExportError(f"{HUB}{repository}", said["fault"], said.get("hint", hint))
    return said
