"""Every socket of the loop in a network namespace without a route, as docs/airgap.md lists them.

    python tests/bench/sockets.py FOLDER [STEP …]     # root, strace; worksets train, eval, serve

Each command runs by itself, its children with it, where there is a loopback and nothing else.
`strace` writes down every call that makes a socket or names an address.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from harness_forge.worksets.worksets import environment_of, python_of

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".forge"
ALONE = "ip link set lo up && exec strace -f --seccomp-bpf -qq -e trace=%network -o {log} {words}"

RECORDS = ["ingest", "export records"]
"""Steps that need no model."""

MADE = ("socket", "socketpair")
_CALL = re.compile(r"^\d+ +(\w+)\((.*?)(?:\) += (.*)| <unfinished.*)$")
_FAMILY = re.compile(r"\bAF_(\w+)|sa_family=AF_(\w+)")
_INET = re.compile(r'sin6?_port=htons\((\d+)\).*?(?:inet_addr\("|inet_pton\(AF_INET6, ")([^"]+)"')
_UNIX = re.compile(r'sun_path=@?"([^"]*)"')


def steps(project: Path, tiny: Path) -> list[tuple[str, str]]:
    """Return the commands of a loop on 24 functions and a model of two layers."""
    page = (ROOT / "docs/tutorial-command.md").read_text()
    maker = re.search(r"cat > make_units.py <<'END'\n(.*?)\nEND\n", page, re.DOTALL)
    (project / "make_units.py").write_text(maker[1])
    (project / "units").mkdir(exist_ok=True)
    subprocess.run([sys.executable, "make_units.py"], cwd=project, check=True)
    record = {
        "job": "j1", "question": "What is 2 plus 2?", "said": "4", "verdict": True,
    }  # fmt: skip
    lines = "".join(f"{record | {'job': f'j{n}'}}\n" for n in range(8))
    (project / "records.jsonl").write_text(lines.replace("'", '"').replace("True", "true"))
    home = f"forge_home={project}/.forge"
    model = f"{home} model=local model.path={tiny}/model"
    units = f"{model} skill=units"
    small = (
        "train.epochs=4 train.learning_rate=0.05 train.threads=1 serve.port=0 "
        "serve.max_model_len=1024"
    )
    mapping = (
        "skill=recorded skill.name=lanterns source.mapping.messages= source.mapping.item='{job}' "
        "source.mapping.prompt='{question}' source.mapping.answer='{said}' "
        "source.mapping.outcome='{verdict}'"
    )
    return [
        ("doctor", f"forge doctor {home}"),
        ("validate", "forge validate"),
        ("ingest", f"forge ingest source=trajectories path=records.jsonl {mapping} {home}"),
        (
            "export records",
            "forge export role=agent skill=recorded skill.name=lanterns filters=none "
            f"split.holdout=0 {home}",
        ),
        ("env new", "forge env new units"),
        ("run gold", f"forge run skill=units policy=gold {home}"),
        ("run mutated", f"forge run skill=units policy=mutated {home}"),
        ("export", f"forge export role=worker {units}"),
        ("audit", "forge audit data/units_worker_sft"),
        ("train", f"forge train train.dataset=data/units_worker_sft {units} {small}"),
        ("prove", f"forge prove {units} {small}"),
        ("replay", f"forge replay {units} {small}"),
        ("evaluate", f"forge evaluate split=holdout {units} {small}"),
        ("promote", f"forge promote {units}"),
        ("serve", f"forge serve --smoke units-worker serve.smoke_tokens=12 {units} {small}"),
        ("schedule", f"forge schedule next {home} schedule=idle"),
        ("report", f"forge report {units}"),
    ]


def traced(name: str, command: str, project: Path) -> tuple[int, float, Path]:
    """Run a command where no route leads; return its exit code, seconds, and trace."""
    log = project / "traces" / f"{name.replace(' ', '-')}.txt"
    log.parent.mkdir(exist_ok=True)
    words = ["unshare", "--net", "sh", "-c", ALONE.format(log=shlex.quote(str(log)), words=command)]
    variables = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    began = time.monotonic()
    with (project / "traces" / f"{log.stem}.out").open("wb") as out:
        done = subprocess.run(words, cwd=project, env=variables, stdout=out, stderr=out)
    return done.returncode, time.monotonic() - began, log


def sockets(log: Path, project: Path) -> Counter[str]:
    """Return each address that was bound, asked or answered, and families that were made."""
    found: Counter[str] = Counter()
    for line in log.read_text(errors="replace").splitlines():
        if (call := _CALL.match(line)) is None:
            continue
        verb, said, result = call[1], call[2], call[3] or ""
        family = next((a or b for a, b in _FAMILY.findall(said)), "")
        if verb in MADE:
            found[f"{verb} {family}"] += 1
        elif address := _INET.search(said):
            port = "53" if address[1] == "53" else "port"
            ended = result.split(" ")[1] if result.startswith("-1") else ""
            found[f"{verb} {address[2]} {port} {ended}".strip()] += 1
        elif place := _UNIX.search(said):
            path = place[1].replace(str(project), "PROJECT")
            path = re.sub(r"/tmp/\S*", "/tmp/…", re.sub(r"\d{3,}", "N", path))
            found[f"{verb} unix {path}"] += 1
        elif family == "NETLINK":
            found[f"{verb} NETLINK"] += 1
    return found


def foreign(found: Counter[str]) -> list[str]:
    """Return the addresses that are not this machine's own."""
    own = ("127.", "::1 ", "unix ", "NETLINK", "UNIX", "INET", "UNSPEC")
    return [what for what in found if not what.partition(" ")[2].startswith(own)]


def main(folder: Path, asked: list[str]) -> int:
    """Run them all, or those asked for; print what each did, and return 1 if one failed."""
    tiny = folder / "tiny"
    if not tiny.exists() and asked != RECORDS:
        python, variables = python_of("train", HOME), environment_of("train", HOME)
        template = ROOT / "conf/model/templates/chatml_hermes.jinja"
        maker = ROOT / "tests/tiny_parts_maker.py"
        subprocess.run([python, maker, tiny, template], env=variables, check=True)
    project = folder / "project"
    (project / ".forge").mkdir(parents=True, exist_ok=True)
    for name in ("worksets", "scap"):
        (project / ".forge" / name).unlink(missing_ok=True)
        (project / ".forge" / name).symlink_to((HOME / name).resolve())
    worst = 0
    for name, command in steps(project, tiny):
        if asked and name not in asked:
            continue
        code, took, log = traced(name, command, project)
        print(f"{name}: code {code}, {took:.0f} s", flush=True)
        found = sockets(log, project)
        for what, times in sorted(found.items()):
            print(f"    {times:5} {what}", flush=True)
        if strange := foreign(found):
            print(f"{name}: not this machine: {', '.join(strange)}", flush=True)
        # A decision is a result, whatever it says.
        worst |= code not in (0, 10, 11, 12) or bool(strange)
    return worst


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
