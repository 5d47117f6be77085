"""Write a skill's YAML and its items from what was understood of a folder of tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from harness_forge.core.errors import RunError
from harness_forge.core.numbers import counted
from harness_forge.rollouts.environments.command.suites import Suite

_YAML = """\
# {count} of {folder}, each to be written again; its tests judge.
#
# Written by `forge env new`; change what you like, then prove it:
# forge env check skill={name}
defaults:
  - _command
  - _self_
name: {name}
host: {name}
command:
  items: {items}
  id: "{{id}}"
  title: "{{title}}"
  family: "{{module}}"
  system: You write Python. Answer with one call of write_function.
  prompt: |-
    Write the function {{name}} of {{path}}.

    {{head}}
  tool:
    name: write_function
    description: Write the whole function.
    parameters:
      type: object
      properties:
        code: {{type: string, description: "the function to its end, decorators included"}}
      required: [code]
  folder: {folder}
  files:
    "{{path}}": "{{before}}{{stub}}{{after}}"
    ".tests": "{{tests}}"
  answer:
    "{{path}}": "{{before}}{{code|indent:margin}}\\n{{after}}"
  # A test's process that ends early leaves no report, and no answer knows its name beforehand; one
  # that skips its tests passes none. Code that runs within pytest can still lie to it on purpose.
  judge: >-
    report=$(mktemp -u);
    {path}python3 -m pytest -q -p no:cacheprovider --junitxml=$report $(cat .tests)
    && grep -q 'errors="0" failures="0" skipped="0"' $report
  gold:
    code: "{{source}}"
  mutations:
    # The first of these words that an answer holds is exchanged.
    turned: {{find: "\\\\breturn\\\\b", replace: "return not", why: it returns the opposite}}
    sum: {{find: " \\\\+ ", replace: " - ", why: it subtracts where it should add}}
    bound: {{find: " < ", replace: " <= ", why: a bound is off by one}}
  python_packages: [{packages}]
{python}"""


def write(suite: Suite, name: str, folder: Path) -> tuple[Path, Path]:
    """Write `conf/skill/NAME.yaml` and `items/NAME.jsonl`, and return their paths.

    Raises:
        RunError: one of them is there already.
    """
    yaml, items = Path("conf/skill", f"{name}.yaml"), Path("items", f"{name}.jsonl")
    for path in (yaml, items):
        if path.exists():
            raise RunError(str(path), "is there already", "name=OTHER, or move it away")
        path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) for row in suite.rows]
    items.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    text = _YAML.format(
        count=counted(len(suite.rows), "function"),
        folder=json.dumps(str(folder)) if " " in str(folder) else folder,
        name=name,
        items=items,
        path="PYTHONPATH=src " if suite.source_folder else "",
        packages=", ".join(suite.packages),
        python=f"  python: {suite.python}\n" if suite.python else "",
    )
    yaml.write_text(text, encoding="utf-8")
    return yaml, items


def account(suite: Suite, name: str, paths: tuple[Path, Path]) -> list[str]:
    """Return what was understood, and what only the user can say, a line each."""
    functions = counted(len(suite.rows), "function")
    modules, tests = counted(len(suite.modules), "module"), counted(len(suite.tests), "file")
    lines = [
        f"{paths[0]} and {paths[1]}",
        "  understood",
        f"    {functions} of {modules}, each an item: its body is taken out and written again",
        f"    {tests} of tests judge; an item runs those that import its module",
        f"    packages the tests need: {', '.join(suite.packages)}",
        "  only you can say",
        "    whether a head and a docstring say enough to write the function (command.prompt)",
        "    what a family is: now a module (command.family)",
        "    which mistakes are likely: now three by pattern (command.mutations)",
    ]
    if suite.skipping:
        lines.append(
            f"    tests that are skipped or expected to fail, in {_some(suite.skipping)}: every"
            " item of such a file is left out, as an answer must not skip its tests (command.judge)"
        )
    if suite.untested:
        lines.append(f"    whether these matter, which no test imports: {_some(suite.untested)}")
    if suite.unknown:
        lines.append(f"    where these imports come from: {_some(suite.unknown)}")
    if suite.long:
        lines.append(f"    {suite.long} answers may need more than 256 tokens (policy.max_tokens)")
    return [*lines, f"  then: forge env check skill={name}"]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
