"""Judge `fix.sh` and `revert.sh` by `task.json`; runs in the sandbox, standard library only.

The files of the task lie below `root`, and so does every path of a script that begins with one
of its folders. The fix may change what was asked for, write comments, and keep copies for its
revert; all else has to be as it was: lines, files, folders and modes. The revert has to bring
everything back.
"""

import json
import os
import pathlib
import re
import stat
import subprocess
import sys

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
    if harm := harmed(task, before):
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


def harmed(task, before):
    """Return what the fix changed beside what was asked; nothing if all else is as it was."""
    after = tree(task)
    modes = [one["file"] for one in task["wanted"] if "mode" in one]
    for path, (kind, mode, _) in before.items():
        if path not in after or after[path][0] != kind:
            return f"{path} is no {kind} any more"
        if after[path][1] != mode and path not in modes:
            return f"{path} has the mode {after[path][1]:04o}, {mode:04o} before"
    for path, (kind, _, content) in after.items():
        if path in before:
            old = before[path][2].decode(errors="replace")
        elif kind == "file" and any(of_folder(one, path) for one in task["wanted"]):
            old = ""
        elif kind == "folder" or content in (before[one][2] for one in task["before"]):
            continue  # a copy of one of the files, and where it is kept
        else:
            return f"{path} was made, which nobody asked for"
        if kind == "file" and (harm := changed(task, path, old.splitlines())):
            return harm
    return ""


def changed(task, path, old):
    """Return which line of a file changed that nobody asked to change; nothing if none did."""
    wanted = [one for one in task["wanted"] if one.get("file") == path or of_folder(one, path)]
    now = kept(wanted, lines(path))
    left = iter(now)
    for line in (before := kept(wanted, old)):
        if line not in left:  # takes from it all up to the line, so the order counts
            return f"{path} has lost or moved the line {line[1]}"
    new = [line for line in now if line not in before] or now[: len(now) - len(before)]
    return f"{path} has the line {new[0][1]}, which nobody asked for" if new else ""


def kept(wanted, all_lines):
    """Return the lines that have to stay, with their sections: no comment, nothing asked for."""
    section, found = "", []
    for line in all_lines:
        text = line.strip()
        if text.startswith("["):
            section = text
            if (text, text) in found:
                continue  # a section may go on further below
        elif any(asked(one, section, line) for one in wanted) or text[:1] in ("", "#"):
            continue
        found.append((section, text))
    return found


def asked(wanted, section, line):
    """Return whether a line is one that the fix may set, change or take away."""
    if "folder" in wanted:
        return same(line, wanted["line"])
    if "key" not in wanted:
        return False
    below = f"[{wanted['section']}]" if "section" in wanted else ""
    return section == below and of_key(line, wanted["key"])


def of_folder(wanted, path):
    """Return whether a file is one that a wanted line may stand in."""
    place = pathlib.PurePosixPath(path)
    return str(place.parent) == wanted.get("folder") and path.endswith(wanted["suffix"])


def tree(task):
    """Return what the task's folders hold, without what a script keeps for its revert."""
    found = {}
    for folder, folders, files in os.walk(ROOT):
        for name in (*folders, *files):
            place = pathlib.Path(folder) / name
            path = "/" + str(place.relative_to(ROOT))
            if path not in task["before"] and (path.startswith("/root/") or ".bak" in name):
                continue
            status = place.lstat()
            kind = KINDS.get(stat.S_IFMT(status.st_mode), "other")
            content = place.read_bytes() if kind == "file" else b""
            if kind == "link":
                content = os.fsencode(place.readlink())
            found[path] = (kind, stat.S_IMODE(status.st_mode), content)
    return found


KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}


def verdict(value, reason):
    """Print a verdict as forge reads it, and end with it.

    A process that the answer left behind may still write a line, and has no say in the exit code.
    """
    print(json.dumps({"value": value, "passed": value == 1, "reason": reason[:200]}), flush=True)
    sys.exit(0 if value == 1 else 1)


main()
