"""Judge `fix.sh` and `revert.sh` by `task.json`; runs in the sandbox, standard library only.

The files of the task lie below `root`, and so does every path of a script that begins with one
of its folders. What the fix must not touch is compared with what was there before; the revert
has to bring all of that back.
"""

import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path("root").absolute()
FOLDERS = ("etc", "var", "opt", "root")
TOOLS = pathlib.Path("tools").absolute()
PATH = re.compile(r"(?<![\w.})-])/(?=(?:" + "|".join(FOLDERS) + r")(?![\w-]))")


def main():
    """Run the fix, look, run the revert, look again, and print the verdict."""
    task = json.loads(pathlib.Path("task.json").read_text())
    for folder in FOLDERS:
        (ROOT / folder).mkdir(parents=True)
    for path, text in task["before"].items():
        place = inside(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    for one in task["wanted"]:
        if "mode" in one:
            inside(one["file"]).chmod(int(one["from"], 8))
        if "tool" in one:
            make_tool(one["tool"], inside(one["file"]))
    before = tree(task)
    if said := run("fix.sh"):
        return verdict(0, f"the fix fails: {said}")
    if missing := next(filter(None, map(fault, task["wanted"])), None):
        return verdict(0, missing)
    if harm := next(filter(None, (harmed(task, path) for path in task["before"])), None):
        return verdict(0, harm)
    if said := run("revert.sh"):
        return verdict(0.5, f"the revert fails: {said}")
    if tree(task) != before:
        return verdict(0.5, "the revert does not bring back what was there")
    return verdict(1, "set, nothing else changed, and brought back")


TOOL = """#!/bin/bash
# Sets a key=value or takes a key away, in whichever of its ways it is asked.
state=STATE
case "$1 $2" in
"set "*) key=$2 value=$3 ;;
"--set "*=* | "-w "*=*) key=${2%%=*} value=${2#*=} ;;
"unset "* | "--unset "* | "-d "*) key=$2 gone=1 ;;
"--update all")
    case "$3 $4" in
    "--args "*=*) key=${4%%=*} value=${4#*=} ;;
    "--remove-args "*) key=$4 gone=1 ;;
    *) echo "${0##*/}: what is '$3'?" >&2; exit 2 ;;
    esac ;;
*) echo "${0##*/}: what is '$1'?" >&2; exit 2 ;;
esac
grep -v -F -- "$key=" "$state" > "$state.new"
[ "$gone" ] || printf '%s=%s\\n' "$key" "$value" >> "$state.new"
cat "$state.new" > "$state"
rm "$state.new"
"""


def make_tool(name, state):
    """Write an invented service's command, which keeps what it is told in a file."""
    place = TOOLS / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(TOOL.replace("STATE", str(state)))
    place.chmod(0o755)


def inside(path):
    """Return where a path of the task lies."""
    return ROOT / path.lstrip("/")


def run(name):
    """Run a script on the task's files; return what went wrong, or nothing."""
    script = pathlib.Path(name)
    script.write_text(PATH.sub(f"{ROOT}/", script.read_text()))
    ended = subprocess.run(
        ["bash", script.absolute()],
        cwd=ROOT,
        env=os.environ | {"PATH": f"{TOOLS}:{os.environ.get('PATH', '/usr/bin:/bin')}"},
        capture_output=True,
        text=True,
        errors="replace",
    )
    last = (ended.stderr.strip().splitlines() or [f"it ends with {ended.returncode}"])[-1]
    return shown(last) if ended.returncode else ""


def shown(text):
    """Return a text of the sandbox with the paths that the question has."""
    return text.replace(f"{ROOT}/", "/")


def lines(path):
    """Return the lines of one of the task's files; none if it is not there."""
    place = inside(path)
    return shown(place.read_text(errors="replace")).splitlines() if place.is_file() else []


def fault(wanted):
    """Return why one of the things asked for is not there; nothing if it is."""
    if folder := wanted.get("folder"):
        found = sorted(inside(folder).glob("*" + wanted["suffix"]))
        names = [f"{folder}/{one.name}" for one in found]
        if any(same(line, wanted["line"]) for name in names for line in lines(name)):
            return ""
        return f"no file {folder}/*{wanted['suffix']} has the line {wanted['line']}"
    file = wanted["file"]
    if mode := wanted.get("mode"):
        if not inside(file).exists():
            return f"{file} is gone"
        has = inside(file).stat().st_mode & 0o7777
        return "" if has == int(mode, 8) else f"{file} has the mode {has:04o}, not {mode}"
    active = [line for line in part(file, wanted.get("section")) if of_key(line, wanted["key"])]
    if not active:
        return f"{file} does not set {wanted['key']}"
    wrong = [line for line in active if not same(line, wanted["line"])]
    return f"{file} has {wrong[0].strip()}, not {wanted['line']}" if wrong else ""


def part(file, section):
    """Return the lines of a file, or those below a section's head."""
    if not section:
        return lines(file)
    below, found = False, []
    for line in lines(file):
        if line.strip().startswith("["):
            below = line.strip() == f"[{section}]"
        elif below:
            found.append(line)
    return found


def of_key(line, key):
    """Return whether a line sets an option."""
    return re.match(rf"\s*{re.escape(key)}(?![\w.-])", line) is not None


def same(line, wanted):
    """Return whether two lines say the same: space around `=` says nothing."""
    first, second = (re.sub(r"\s*=\s*|\s+", lambda m: "=" if "=" in m[0] else " ", one.strip())
                     for one in (line, wanted))  # fmt: skip
    return first == second


def harmed(task, path):
    """Return what became of a line that nobody asked to change; nothing if all are there."""
    keys = [one["key"] for one in task["wanted"] if one.get("file") == path and "key" in one]
    left = iter(lines(path))
    for line in task["before"][path].splitlines():
        if any(of_key(line.lstrip("# "), key) for key in keys):
            continue
        if line not in left:  # takes from it all up to the line, so the order counts
            return f"{path} has lost or moved the line {line}"
    return ""


def tree(task):
    """Return what the task's folders hold, without what a script keeps for its revert."""
    found = {}
    for folder, _, files in os.walk(ROOT):
        for name in files:
            place = pathlib.Path(folder) / name
            path = "/" + str(place.relative_to(ROOT))
            if path not in task["before"] and (path.startswith("/root/") or ".bak" in name):
                continue
            found[path] = (place.read_bytes(), place.stat().st_mode & 0o7777)
    return found


def verdict(value, reason):
    """Print a verdict as forge reads it."""
    print(json.dumps({"value": value, "passed": value == 1, "reason": reason[:200]}))


main()
