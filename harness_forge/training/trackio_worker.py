"""Writes one training's steps to Trackio's files. Runs in the train workset's Python.

Reads a job as JSON from standard input: project, name, config and steps. TRACKIO_DIR names the
folder; without a Space Trackio writes SQLite there and starts no server.
"""

from __future__ import annotations

import json
import sys

import trackio


def main() -> None:
    """Write every step of the job."""
    job = json.load(sys.stdin)
    trackio.init(
        job["project"],
        name=job["name"],
        config=job["config"],
        resume="never",
        embed=False,
        auto_log_gpu=False,
    )
    for fact in job["steps"]:
        step = fact.pop("step")
        trackio.log(fact, step=step)
    trackio.finish()


if __name__ == "__main__":
    main()
