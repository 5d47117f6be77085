"""Settings of a workset: a pinned tool environment, and what a user agrees to by installing it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class VariantConfig:
    """What is installed on one kind of machine.

    Args:
        first: pins of which each machine may get another build; installed before the others.
        pins: pins of every other part a user would name, each `name==version`.
        lock: name of the file in `conf/workset/locks` that it is installed from.
        overrides: pins that override what packages ask for; used when the lock is made.
        without: packages that are left out although others ask for them; likewise.
        libraries: shared libraries that a bare machine lacks, each with its Debian package; where
            one is missing, the package is unpacked into the workset.
        imports: modules that must import before the install counts as done.
        disk_gb: size of the finished environment, as measured.
        minutes: how long an install took, as measured, on the machine below.
        measured: where and when both were measured; '' if they are not yet.
    """

    first: list[str] = field(default_factory=list)
    pins: list[str] = field(default_factory=list)
    lock: str = ""
    overrides: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    libraries: dict[str, str] = field(default_factory=dict)
    imports: list[str] = field(default_factory=list)
    disk_gb: float = 0.0
    minutes: float = 0.0
    measured: str = ""


@dataclass(frozen=True)
class WorksetConfig:
    """One isolated tool environment.

    Args:
        summary: what it is for.
        python: the versions it works with, as `>=3.11,<3.13`.
        needs: what else the machine must have.
        variant: which of `variants` to install; `auto` takes cuda where an
            NVIDIA driver is found and such a variant exists, else cpu.
        variants: what is installed, by kind of machine; none where it is only declared.
        instead: of one that is only declared: why, and what forge does in its place.
        licences: main part to its licence, as its own package says.
        telemetry: what the tools report by themselves, and what is done about it.
        environment: variables that stages set for its processes.
        network: when it speaks to the network.
        data: which data leaves this machine, and when.
    """

    summary: str = ""
    python: str = ">=3.11"
    needs: str = ""
    variant: str = "auto"
    variants: dict[str, VariantConfig] = field(default_factory=dict)
    instead: str = ""
    licences: dict[str, str] = field(default_factory=dict)
    telemetry: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    network: str = ""
    data: str = "none leaves this machine"
