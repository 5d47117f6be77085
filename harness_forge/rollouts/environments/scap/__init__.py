"""STIG rules, attempted on a disposable root in a sandbox and judged by OpenSCAP.

| module | owns |
|---|---|
| `content`, `oval` | rules and resolved checks (`oval_records`), read from a datastream |
| `slim` | the XML of the few rules the scanner is asked about |
| `packages` | scanner, content and sandbox from the distribution's packages |
| `root`, `packagedb` | the disposable root |
| `judge`, `guard` | verdicts; what got worse |
| `untouched_root`, `references` | what attempts are compared with |
| `gold`, `mutate` | our remediations, and broken ones |
| `environment` | all of it joined: survey, attempt |
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness_forge.config.scap import ScapConfig
    from harness_forge.rollouts.environments.scap.environment import ScapEnvironment


def open_scap(skill: str, config: ScapConfig, home: Path, **options: Any) -> ScapEnvironment:
    """Open the environment that `config` describes; fast once its caches exist.

    Args:
        options: passed to `ScapEnvironment`.

    Raises:
        SandboxError: scanner, content or sandbox is missing.
    """
    from harness_forge.rollouts.environments.scap.environment import ScapEnvironment

    return ScapEnvironment(skill, config, home, **options)
