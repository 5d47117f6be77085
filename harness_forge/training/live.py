"""Writes a training's curves with DVCLive while it runs, for DVC."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness_forge.training.progress import rate, steps_in

CURVES = {
    "loss": "loss",
    "learning_rate": "learning_rate",
    "rewards/margins": "reward_margin",
    "rewards/accuracies": "reward_accuracy",
    "reward": "reward",
    "frac_reward_zero_std": "prompts_all_alike",
    "kl": "kl",
}
"""Axolotl's metrics, and the curve of each; `tokens_per_s` is computed."""

_HIDDEN = ("DVC_ROOT", "DVC_EXP_BASELINE_REV", "DVC_EXP_NAME", "DVCLIVE_RESUME")


class Curves:
    """Follows a metrics file and writes each step once, in order.

    Files are `<folder>/plots/metrics/<curve>.tsv` and `<folder>/metrics.json`.

    Args:
        metrics: the file that the plugin writes; it need not be there yet.
        folder: where the curves go; what was there is deleted.
        last: steps after this one are made again by the training that starts
            now, from its checkpoint; None keeps all there are.
    """

    def __init__(self, metrics: Path, folder: Path, last: int | None = None) -> None:
        self._metrics = metrics
        shutil.rmtree(folder, ignore_errors=True)
        with _apart_from_dvc():
            from dvclive import live

            # It must neither save an experiment nor change dvc.yaml: stages do that.
            self._live = live.Live(str(folder), save_dvc_exp=False, dvcyaml=None, report=None)
        before = steps_in(metrics)
        self._read = len(before)
        # A killed training's steps after its checkpoint are logged twice: the later ones count.
        kept = {fact["step"]: fact for fact in before if last is None or fact["step"] <= last}
        self._last: Mapping[str, Any] | None = None
        for step in sorted(kept):
            self._add(kept[step])

    def update(self) -> None:
        """Write the steps that were logged since the last call."""
        steps = steps_in(self._metrics)
        for fact in steps[self._read :]:
            self._add(fact)
        self._read = len(steps)

    def close(self) -> None:
        """Write the remaining steps and end."""
        self.update()
        with _apart_from_dvc():
            self._live.end()

    def _add(self, fact: Mapping[str, Any]) -> None:
        self._live.step = fact["step"]
        for key, name in CURVES.items():
            if key in fact:
                self._live.log_metric(name, fact[key])
        last, self._last = self._last, fact
        if last and last.get("since") == fact.get("since"):
            pace = rate(last, fact)
            if pace is not None:
                self._live.log_metric("tokens_per_s", round(pace, 1))
        self._live.make_summary()


@contextmanager
def _apart_from_dvc() -> Iterator[None]:
    """Hide the pipeline from DVCLive, and keep it off the network.

    Inside `dvc exp run` it adds files to Git's index; in any other Git repository
    it makes a DVC repository, and fails where there is no commit yet; with a token
    in the user's DVC config it sends every step to DVC Studio.
    """
    from dvclive import live

    names = (*_HIDDEN, "DVC_STUDIO_OFFLINE")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["DVC_STUDIO_OFFLINE"] = "1"
    found, live.get_dvc_repo = live.get_dvc_repo, lambda: None
    try:
        yield
    finally:
        live.get_dvc_repo = found
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
