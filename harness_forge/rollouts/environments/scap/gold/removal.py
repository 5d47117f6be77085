"""Lines that must not be there."""

from __future__ import annotations

import re

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold.pattern import sample
from harness_forge.rollouts.environments.scap.gold.plan import unwanted, wants
from harness_forge.rollouts.environments.scap.gold.shell import Script, disable_lines, edit
from harness_forge.rollouts.environments.scap.oval_records import ResolvedTest


def unwanted_line(rule: ScapRule) -> Script | None:
    """Comment lines out wherever they occur."""
    if wants(rule):
        return None
    checks = list(unwanted(rule))
    texts = list(dict.fromkeys(_text(check) for check in checks))
    words = [re.sub(r"\s*=\s*", " *= *", text) for text in texts]
    paths = list(dict.fromkeys(path for check in checks for path in _paths(check)))
    if not checks or not all(words) or not paths or any(p.startswith("/proc/") for p in paths):
        return None
    condition = words[0] if len(words) == 1 else r"\(" + r"\|".join(words) + r"\)"
    does = f"Comment out lines with {' or '.join(texts)}."
    if not any(check.pattern.startswith("^") for check in checks):  # comments count too
        end = "$" if all(check.pattern.endswith("$") for check in checks) else ""
        return edit(paths[0], [f"/{condition}{end}/d"], does.replace("Comment out", "Remove"))
    return disable_lines(paths, rf"^[^#]*{condition}", does)


def _text(check: ResolvedTest) -> str:
    """Return what makes a line match."""
    try:
        text = sample(check.pattern).strip().rstrip(" :;")
    except ValueError:
        return ""
    return "" if "/" in text else text


def _paths(check: ResolvedTest) -> list[str]:
    target = check.target
    filepath, folder = target.get("filepath"), target.get("path")
    if any("username" in source.fields for source in check.sources):
        return ["/home/*/.*rc", "/home/*/.*profile"]
    if filepath.operation == "equals" and filepath.values:
        return [filepath.value]
    if folder.operation == "equals" and folder.values:
        return [f"{folder.value}/*"]
    return []
