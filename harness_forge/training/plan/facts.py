"""A plan as JSON."""

from __future__ import annotations

from typing import Any

from harness_forge.training.plan import memory
from harness_forge.training.plan.plan import Plan


def facts(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON: bytes, seconds, watt hours."""
    shape, parts = plan.model.shape, plan.memory
    trained = shape.adapter(plan.load.rank, plan.load.targets)
    return {
        "model": {
            "title": plan.model.title,
            "family": shape.family,
            "source": plan.model.source,
            "licence": plan.model.licence,
            "parameters": shape.weights(),
            "active": shape.active,
            "context": shape.context,
        },
        "machine": vars(plan.machine) | {"sharding": plan.machine.sharding.name},
        "settings": vars(plan.load) | {"sharding": plan.load.sharding.name},
        "fits": plan.fits,
        "memory": vars(parts) | {"total": parts.total},
        "by_gpus": plan.by_gpus,
        "trained": trained,
        "optimizers": memory.optimizer_states(trained),
        "choices": [vars(choice) for choice in plan.choices],
        "least": plan.least,
        "rows": plan.rows.facts() if plan.rows else None,
        "licences": list(plan.licences),
        "tokens": plan.tokens,
        "tokens_per_s": plan.pace.tokens_per_s,
        "pace_source": plan.pace.source,
        "seconds": plan.seconds,
        "watt_hours": plan.watt_hours,
        "disk": dict(plan.disk),
        "notes": list(plan.notes),
    }
