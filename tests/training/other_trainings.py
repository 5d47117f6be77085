"""Trainings with other settings than the shared one, and what each step of one lost."""

import json
from dataclasses import replace


def changed(config, name, **settings):
    return replace(config, train=replace(config.train, name=name, **settings))


def losses(result):
    return [json.loads(line)["loss"] for line in result.metrics.read_text().splitlines()
            if "loss" in line and "train_loss" not in line]  # fmt: skip
