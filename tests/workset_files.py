"""A small workset of our own, its wheels and its lock."""

import zipfile
from hashlib import sha256

from harness_forge.config.workset import VariantConfig, WorksetConfig
from harness_forge.worksets import installing, locks, worksets

SMALL = WorksetConfig(
    summary="a package of our own",
    environment={"DO_NOT_TRACK": "1"},
    variants={"cpu": VariantConfig(pins=["own-part==1.0"], imports=["own_part"], lock="small")},
)


def make_wheel(place, name, code="", needs=()):
    module = name.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    path = place / f"{module}-1.0-py3-none-any.whl"
    facts = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0"]
    facts += [f"Requires-Dist: {one}" for one in needs]
    kind = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{module}.py", code)
        wheel.writestr(f"{info}/METADATA", "\n".join(facts) + "\n")
        wheel.writestr(f"{info}/WHEEL", kind)
        wheel.writestr(f"{info}/RECORD", "")
    return path


def locked(path, part=locks.LockSection.wheels, marker=""):
    name = path.name.split("-")[0].replace("_", "-")
    return locks.Locked(name, "1.0", marker, (sha256(path.read_bytes()).hexdigest(),), part)


def write_lock(folder, *packages, pins=("own-part==1.0",)):
    lock = locks.Lock(tuple(pins), ">=3.11", packages)
    (folder / "small.txt").write_text(locks.render("small", lock))


def install(config, home, say=lambda step: None, **more):
    return installing.install("small", config, home, home, say, **more)


def state(config, home):
    return worksets.state("small", config, home, home)
