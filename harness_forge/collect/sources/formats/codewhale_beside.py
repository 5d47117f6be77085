"""What lies beside a CodeWhale session: approvals of its calls, snapshots of its workspace.

Approvals: `sessions/ID/approval_receipts.jsonl`, or within the session. Snapshots: a Git
repository a workspace, whose commits are called `pre-turn:N` and `post-turn:N`; they are
those of every session in that workspace, so only commits between a session's first and last
moment are taken. CodeWhale deletes them after a week. Nothing in that repository is run.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from harness_forge.collect.sources.outcomes import moment
from harness_forge.collect.sources.texts import loads

_FILE = "approval_receipts.jsonl"
_LABEL = re.compile(r"(pre|post)-turn:(\d{1,9})")
_OFFSET, _PRIME = 0xCBF29CE484222325, 0x100000001B3
"""Of the 64-bit FNV-1a hash, by which CodeWhale names the folders of snapshots."""
_SECONDS = 60
_LARGEST = 64 << 20
"""Bytes of a file of approvals that are read; one has a few hundred bytes a call."""
_MOST_FILES = 50
"""Names of changed files that are kept of a turn."""


def approvals(record: Mapping[str, Any], path: Path) -> dict[str, str]:
    """Return the decision on each call that the user was asked about, by the call's id.

    One that was asked and not decided is `unanswered`.
    """
    receipts = list(_lines(path.with_suffix("") / _FILE)) or record.get("approval_receipts") or []
    asked = {one["tool_call_id"]: "unanswered" for one in receipts if one.get("phase") == "asked"}
    for one in receipts:
        if one.get("phase") == "decided":
            outcome = one["outcome"]
            word = outcome.get("outcome") if isinstance(outcome, Mapping) else outcome
            asked[one["tool_call_id"]] = str(word)[:40]
    return asked


def _lines(file: Path) -> Iterator[Mapping[str, Any]]:
    if not file.is_file() or file.stat().st_size > _LARGEST:
        return
    for line in file.read_bytes().splitlines():
        try:
            value = loads(line)
        except ValueError:
            continue  # the last one, still being written
        if isinstance(value, Mapping):
            yield value


def snapshots(facts: Mapping[str, Any], path: Path) -> list[dict[str, Any]]:
    """Return what each turn changed in the workspace; [] where no snapshot is left.

    Args:
        facts: the session's metadata.
        path: of the session; the snapshots are in the folder beside its own.
    """
    folder = _folder(path.parent.parent / "snapshots", str(facts["workspace"]))
    first, last = moment(facts.get("created_at")), moment(facts.get("updated_at"))
    if not (folder / "HEAD").is_file() or first is None or last is None:
        return []
    form = "--format=%x1e%at%x1f%s%x1f"
    words = ["log", "--first-parent", "--reverse", "--numstat", "--no-renames", form, "HEAD"]
    # A stat of a commit against the one before it; filters, hooks and drivers stay unasked.
    own = ["-c", "core.fsmonitor=false", "-c", "core.quotepath=false", "--no-optional-locks"]
    command = ["git", *own, "--git-dir", str(folder), *words, "--no-ext-diff", "--no-textconv"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    commits = done.stdout.decode("utf-8", "replace").split("\x1e")[1:]
    found = []
    for commit in commits:
        when, subject, stat = commit.split("\x1f", 2)
        label = _LABEL.match(subject)
        # Times of commits are whole seconds, those of a session are not.
        inside = int(first.timestamp()) <= int(when) <= last.timestamp() + 1
        if label and label[1] == "post" and inside:
            found.append({"turn": int(label[2]), **_changes(stat)})
    return found


def _folder(base: Path, workspace: str) -> Path:
    """Return the repository of a workspace's snapshots."""
    place = PurePosixPath(workspace)
    project = place.parent.parent if place.parent.name == ".worktrees" else place
    return base / _hashed(str(project)) / _hashed(str(place)) / ".git"


def _hashed(text: str) -> str:
    value = _OFFSET
    for byte in text.encode("utf-8", "surrogateescape"):
        value = ((value ^ byte) * _PRIME) % (1 << 64)
    return f"{value:016x}"


def _changes(stat: str) -> dict[str, Any]:
    """Return lines added and removed, and the files, of a commit's numbers."""
    rows = [line.split("\t", 2) for line in stat.splitlines() if line.count("\t") >= 2]
    # A file that is no text has a dash.
    added = sum(int(row[0]) for row in rows if row[0].isdigit())
    removed = sum(int(row[1]) for row in rows if row[1].isdigit())
    names = [row[2] for row in rows]
    return {"files": names[:_MOST_FILES], "changed": len(names), "added": added, "removed": removed}
