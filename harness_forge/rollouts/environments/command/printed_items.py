"""The command line of a skill of ours that makes its items, as `items_command` calls it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any


def parser(skill: str, each: int) -> argparse.ArgumentParser:
    """Return the options that every such command has.

    Args:
        each: items of a family, where nothing else is asked for.
    """
    made = argparse.ArgumentParser(description=f"items of skill={skill}, one a line")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--each", type=int, default=each)
    return made


def show(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print the items, one a line."""
    for row in rows:
        print(json.dumps(row))


def sources(package: str, *names: str) -> dict[str, str]:
    """Return the text of modules of a package, which go into the sandbox, under `<name>_py`."""
    return {f"{name}_py": (files(package) / f"{name}.py").read_text() for name in names}
