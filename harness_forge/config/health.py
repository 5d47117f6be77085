"""Settings of `forge health`: what is compared, what raises an alert, where it is written."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness_forge.config.limits import between, limited


@dataclass(frozen=True)
class DecliningConfig:
    """An outcome or a score that fell.

    Args:
        alpha: level of the test, over all series together (Holm); 0 never raises it.
        drop: a smaller fall raises no alert, however sure it is; a share, 0 to 1.
        attempts: in each window; with fewer a series is not tested.
    """

    alpha: float = limited(0.01, between(0, 0.5))
    drop: float = limited(0.05, between(0, 1))
    attempts: int = limited(30, between(1))


@dataclass(frozen=True)
class StuckConfig:
    """A loop that runs and changes nothing.

    Args:
        days: without a new champion in a slot and without a series that rose; 0 never raises it.
    """

    days: float = limited(14.0, between(0))


@dataclass(frozen=True)
class NoDataConfig:
    """A harness that no longer sends records.

    Args:
        days: since a skill's last attempt; 0 never raises it.
    """

    days: float = limited(3.0, between(0))


@dataclass(frozen=True)
class RollbacksConfig:
    """Champions that were taken down.

    Args:
        most: rollbacks of a slot within the window that raise no alert; -1 never raises it.
    """

    most: int = limited(0, between(-1))


@dataclass(frozen=True)
class DiskConfig:
    """Space on the disk of `forge_home` and of `data_dir`.

    Args:
        free_gb: 10^9 bytes that must be free; 0 does not look at them.
        free_percent: share of the disk that must be free; 0 does not look at it.
    """

    free_gb: float = limited(5.0, between(0))
    free_percent: float = limited(5.0, between(0, 100))


@dataclass(frozen=True)
class HealthConfig:
    """What `forge health` compares, alerts on and writes.

    Args:
        window_days: the last days, today among them, that are compared (UTC).
        before_days: the days before these that they are compared with.
        series: most series (skill, model, adapter, role) that are shown and tested,
            those with the most attempts.
        every: count evaluation runs and attempts that were made to fail
            (`policy=mutated`) too; held-out items never.
        declining: an outcome or a score that fell.
        stuck: no new champion and no improvement.
        no_data: no new attempts.
        rollbacks: champions that were taken down.
        disk: free space.
        json_file: file that the report is written to; '' for none.
        prometheus: file of metrics for the node exporter's textfile collector, NAME.prom.
        otlp: file that OpenTelemetry metrics are added to, a line of OTLP JSON each time.
        webhook: URL of a server on this machine that gets the report when an alert stands.
        allow: hosts other than this machine that the webhook may name.
    """

    window_days: int = limited(7, between(1, 366))
    before_days: int = limited(28, between(1, 3660))
    series: int = limited(50, between(1, 1000))
    every: bool = False
    declining: DecliningConfig = field(default_factory=DecliningConfig)
    stuck: StuckConfig = field(default_factory=StuckConfig)
    no_data: NoDataConfig = field(default_factory=NoDataConfig)
    rollbacks: RollbacksConfig = field(default_factory=RollbacksConfig)
    disk: DiskConfig = field(default_factory=DiskConfig)
    json_file: str = ""
    prometheus: str = ""
    otlp: str = ""
    webhook: str = ""
    allow: list[str] = field(default_factory=list)
