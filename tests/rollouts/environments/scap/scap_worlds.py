"""The two worlds that the tests attempt rules in, and where their content lies."""

from __future__ import annotations

from pathlib import Path

from harness_forge.config.scap import ScapConfig

HOME = Path(__file__).parents[4] / ".forge"
STIG = ScapConfig(
    datastream="ssg-rhel9-ds.xml",
    profile="stig",
    package="ssg-nondebian",
    platform="rhel9",
    families={"sshd_": "sshd", "audit_": "audit", "sysctl_": "sysctl"},
)
UBUNTU = ScapConfig(
    datastream="ssg-ubuntu2004-ds.xml",
    profile="stig",
    package="ssg-debderived",
    platform="ubuntu2004",
)
