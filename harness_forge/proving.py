"""Joins what a proof needs: adapter, base model, workset, probe prompts.

An adapter is proven before anything is measured with it. `forge prove` and the
DVC stage share this.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge import probes
from harness_forge.adapters import prove as proof
from harness_forge.adapters import registry
from harness_forge.adapters.package import LINEAGE, Adapter
from harness_forge.adapters.prove import Subject
from harness_forge.files import write_json
from harness_forge.models import folder as models
from harness_forge.operations.worksets import environment_of, python_of
from harness_forge.schema import ForgeConfig, skills_of
from harness_forge.trainers.hardware import threads

WORKSET = "train"
STAGES = (Path("outputs/adapters/dpo"), Path("outputs/adapters/sft"))
"""Where the loop's stages put their adapter, the last one first."""


def adapter_of(config: ForgeConfig, name: str | None = None) -> Adapter:
    """Return the adapter of that name; without one the loop's, else the recipe's newest.

    Raises:
        TrainError: there is none, or it is damaged.
    """
    if name is None:
        made = [str(place) for place in STAGES if (place / LINEAGE).is_file()]
        name = made[0] if made else config.train.name
    return registry.resolve(name, Path(config.forge_home))


def subject_of(config: ForgeConfig) -> Subject:
    """Return the base model that the recipe names.

    Raises:
        TrainError: it is not there, or has no chat template.
    """
    base = models.find(config.model, Path(config.forge_home))
    return Subject(base.name, base.folder, base.digest, base.template)


def prove(config: ForgeConfig, adapter: Path | str | None, out: Path) -> dict[str, Any]:
    """Prove that an adapter is live and write what was measured to `out`.

    Args:
        adapter: a folder or a name; None is as in `adapter_of`.
        out: JSON of numbers nested by subject, as `dvc metrics` reads it. A
            proof that fails leaves nothing there.

    Raises:
        EvalError: it is not, and why.
        TrainError: there is no such adapter or base model, or it is damaged.
        WorksetError: the train workset is not installed.
    """
    out.unlink(missing_ok=True)
    found = adapter_of(config, None if adapter is None else str(adapter))
    base, home = subject_of(config), Path(config.forge_home)
    proof.check_lineage(found, base)
    facts = proof.measure(
        found,
        base,
        probes=probes.messages([each.skill.host for each in skills_of(config)]),
        tools=probes.tools(),
        python=python_of(WORKSET, home),
        environment=environment_of(WORKSET, home),
        threads=threads(config.train),
    )
    proof.check(found, facts)
    report = _report(found, base, facts)
    write_json(out, report, sort_keys=True)
    return report


def _report(adapter: Adapter, base: Subject, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the proof on paper: no times, so that it is the same for the same adapter."""
    return {
        "adapter": {"name": adapter.name, "digest": adapter.digest},
        "base": {
            "name": base.name,
            "digest": base.digest,
            "template": sha256(base.template.encode()).hexdigest(),
        },
        "modules": facts["modules"],
        "weights": facts["weights"] | {"tensors": facts["homes"]["tensors"]},
        "logits": {k: _short(v) for k, v in facts["logits"].items()}
        | {"least_kl_nats": proof.LEAST_NATS},
    }


def _short(number: float) -> float:
    """Return a number to five digits: what lies beyond depends on how threads share the sums."""
    return float(f"{number:.5g}")
