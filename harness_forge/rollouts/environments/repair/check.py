"""Judge `solution.py` by `cases.json`; runs in the sandbox, standard library only.

The answer runs in a process of its own, after the cases are gone from the disk: it can
neither end the judge early nor read what it should return.
"""

import json
import pathlib
import subprocess
import sys

CHILD = """
import json, os, sys
name, cases = json.load(sys.stdin)
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
import solution
found = []
for arguments in cases:
    try:
        found.append([True, getattr(solution, name)(*arguments)])
    except Exception as error:
        found.append([False, type(error).__name__])
try:
    said = json.dumps(found)
except (TypeError, ValueError):
    said = json.dumps([[ok, repr(value)] for ok, value in found])
out.write(said)
"""


def main():
    """Run the answer on every case and print the verdict."""
    task = json.loads(pathlib.Path("cases.json").read_text())
    name, cases = task["name"], task["cases"]
    for path in ("cases.json", "check.py"):
        pathlib.Path(path).unlink()
    asked = json.dumps([name, [arguments for arguments, _ in cases]])
    child = subprocess.run(
        [sys.executable, "-c", CHILD], input=asked, capture_output=True, text=True
    )
    try:
        found = json.loads(child.stdout)
        assert len(found) == len(cases)
    except (ValueError, TypeError, AssertionError):
        last = (child.stderr.strip().splitlines() or ["it says nothing"])[-1]
        return verdict(0, f"it does not run: {last}")
    right = [one == [True, wanted] for one, (_, wanted) in zip(found, cases, strict=True)]
    if all(right):
        return verdict(1.0, "every case holds")
    (arguments, wanted), (ok, got) = next(
        (case, one) for case, one, fits in zip(cases, found, right, strict=True) if not fits
    )
    call = f"{name}({', '.join(map(repr, arguments))})"
    said = f"gives {got!r}" if ok else f"raises {got}"
    return verdict(sum(right) / len(cases), f"{call} {said}, not {wanted!r}")


def verdict(value, reason):
    """Print a verdict as forge reads it, and end with it.

    A process that the answer left behind may still write a line, and has no say in the exit code.
    """
    print(json.dumps({"value": value, "passed": value == 1, "reason": reason[:200]}), flush=True)
    sys.exit(0 if value == 1 else 1)


main()
