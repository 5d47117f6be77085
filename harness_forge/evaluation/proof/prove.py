"""Proves an adapter: runs all checks and writes the measurements.

An adapter is proven before anything is measured with it. `forge prove` and the
DVC stage both call this.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.core.errors import EvalError
from harness_forge.core.files import write_json
from harness_forge.evaluation.proof import agreement, local_check, server_check
from harness_forge.evaluation.proof.agreement import LogprobAgreement
from harness_forge.registry import current
from harness_forge.registry.adapters.lineage import check_lineage
from harness_forge.registry.adapters.package import Adapter
from harness_forge.registry.models.folder import BaseModel
from harness_forge.rollouts.policies import probes
from harness_forge.worksets.hardware import threads
from harness_forge.worksets.worksets import environment_of, python_of

WORKSET = "train"


def prove(config: ForgeConfig, adapter: Path | str | None, out: Path) -> dict[str, Any]:
    """Prove that an adapter is live and write the measurements to `out`.

    Args:
        adapter: a folder or a name; None is as in `current_adapter`.
        out: JSON of numbers nested by subject, as `dvc metrics` reads it. A
            failed proof leaves no file there.

    Raises:
        EvalError: it is not live, with the reason.
        TrainError: there is no such adapter or base model, or it is damaged.
        ServeError: the server that `prove.server` names does not answer.
        WorksetError: the train workset is not installed.
    """
    out.unlink(missing_ok=True)
    where = server_check.wanted(config)
    found = current.current_adapter(config, None if adapter is None else str(adapter))
    base, home = current.base_model_of(config), Path(config.forge_home)
    check_lineage(found, base)
    templates = _templates(config, base)
    mask = local_check.check_mask(found)
    measured = local_check.measure(
        found,
        base,
        probes=probes.messages([each.skill.host for each in skills_of(config)]),
        tools=probes.tools(),
        python=python_of(WORKSET, home),
        environment=environment_of(WORKSET, home),
        threads=threads(config.train),
    )
    local_check.check(found, measured)
    quantised = _quantised(found, measured["tokens"], config.prove.tolerance)
    server = server_check.prove(config, found, measured["tokens"], where) if where else None
    report = _report(found, base, measured) | {"templates": templates, "mask": mask}
    report |= quantised | _served(server)
    write_json(out, report, sort_keys=True)
    return report


def _report(adapter: Adapter, base: BaseModel, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the report of a proof, without times: the same adapter gives the same bytes."""
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
        | {"least_kl_nats": local_check.LEAST_NATS},
    }


def _templates(config: ForgeConfig, base: BaseModel) -> dict[str, str]:
    """Return the hash of the chat template in training, evaluation and serving: the same bytes.

    Raises:
        EvalError: the policy's own template is another.
    """
    trained = sha256(base.template.encode()).hexdigest()
    own = config.policy.chat_template
    evaluated = sha256(Path(own).read_bytes()).hexdigest() if own else trained
    if evaluated != trained:
        what = f"{own} is another chat template than {base.name} was trained with"
        raise EvalError("policy.chat_template", what, "leave it out, or train with it")
    # Serving uses that very file; a running server's template is compared by what it renders.
    return {"training": trained, "evaluation": evaluated, "serving": trained}


def _quantised(adapter: Adapter, tokens: dict[str, Any], tolerance: float) -> dict[str, Any]:
    """Return the difference between the base in four bits, as in training, and in full.

    Raises:
        EvalError: it is so large that the served model is not the trained one.
    """
    if not tokens.get("trained"):
        return {}
    apart = agreement.gap(tokens["adapter"], tokens["trained"])
    if not apart <= max(tolerance, agreement.gap(tokens["adapter"], tokens["base"]) / 4):
        what = (
            f"was trained on a base of 4 bits and says other things on the whole one: "
            f"{apart:.2g} nats a token apart"
        )
        raise EvalError(f"adapter {adapter.name}", what, "train=lora, or serve the base in 4 bits")
    return {"four_bits": {"gap_nats": float(f"{apart:.2g}")}}


def _served(server: LogprobAgreement | None) -> dict[str, Any]:
    return {"server": server.as_dict()} if server else {}


def _short(number: float) -> float:
    """Return a number with five digits: the others depend on how threads share the sums."""
    return float(f"{number:.5g}")
