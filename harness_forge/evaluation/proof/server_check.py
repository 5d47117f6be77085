"""Checks that a server answers with the trained adapter.

`forge prove` asks a running server, or starts one for the proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from harness_forge.config.schema import ForgeConfig
from harness_forge.config.several import skills_of
from harness_forge.core.errors import ConfigError, ServeError
from harness_forge.evaluation.proof import agreement
from harness_forge.evaluation.proof.agreement import LogprobAgreement, ServerAnswers
from harness_forge.registry import current
from harness_forge.registry.adapters.package import Adapter
from harness_forge.rollouts.policies import probes
from harness_forge.serving.scoring import Scorer

NONE, START = "none", "start"


def wanted(config: ForgeConfig) -> str | None:
    """Return the URL of the server to ask, `start`, or None if none is asked.

    Raises:
        ConfigError: `prove.server` has another value.
    """
    said = config.prove.server
    if said == NONE:
        return None
    if said == START or said.startswith(("http://", "https://")):
        return said
    hint = f"{NONE}, {START}, or http://127.0.0.1:8000/v1"
    raise ConfigError(f"prove.server: {said!r}", "is no server", hint)


def prove(
    config: ForgeConfig, adapter: Adapter, tokens: Mapping[str, Any], where: str
) -> LogprobAgreement:
    """Compare a server's answers to the probes with those of the training stack.

    Args:
        tokens: from `local_check.measure`.
        where: from `wanted`.

    Raises:
        EvalError: its template, its base or its adapter is another.
        ServeError: it does not answer, or lists no such adapter.
        WorksetError: it has to be started, and the serve workset is not installed.
    """
    with _server(config, adapter, where) as (url, base):
        prompts = probes.messages([each.skill.host for each in skills_of(config)])
        with Scorer(url, probes.tools(), len(tokens["base"][0])) as scorer:
            names = _named(scorer, url, base, adapter)
            return compared(scorer, names, prompts, tokens, adapter.name, config.prove.tolerance)


def compared(
    scorer: Scorer,
    names: tuple[str, str],
    prompts: Sequence[Sequence[Mapping[str, Any]]],
    tokens: Mapping[str, Any],
    adapter: str,
    tolerance: float,
) -> LogprobAgreement:
    """Ask one server everything, and return how far it is from the training stack.

    Args:
        names: the server's names of base and adapter.

    Raises:
        EvalError: as `prove`.
        ServeError: as `prove`.
    """
    base, own = names
    agreement.check_words(tokens["ids"], [scorer.tokens(own, each) for each in prompts])
    alone = [scorer.score(base, ids) for ids in tokens["ids"]]
    # Everything at once: how requests affect each other is part of the floor.
    both = scorer.together([(name, ids) for ids in tokens["ids"] for name in (base, own)])
    answers = ServerAnswers(tokens["ids"], alone, both[0::2], both[1::2])
    found = agreement.agreement(tokens, answers, tolerance)
    agreement.check(adapter, found)
    return found


@contextmanager
def _server(config: ForgeConfig, adapter: Adapter, where: str) -> Iterator[tuple[str, str]]:
    """Yield a server's URL and its name of the base."""
    from harness_forge.serving import server_plan, server_run

    if where != START:
        yield where, current.base_model_of(config).name
        return
    plan = server_plan.plan(config, [str(adapter.folder)])
    with server_run.running(config, plan) as running:
        yield running.url, plan.base.name


def _named(scorer: Scorer, url: str, base: str, adapter: Adapter) -> tuple[str, str]:
    """Return the server's names of base and adapter.

    Raises:
        ServeError: it lists one of them under no known name.
    """
    listed = scorer.names()
    # The name with the hash first: it never means another adapter.
    known = [adapter.label, adapter.name]
    own = next((name for name in known if name in listed), None)
    if own is None or base not in listed:
        lost = adapter.name if own is None else base
        raise ServeError(url, f"does not list {lost}", f"lists {', '.join(listed)}")
    return base, own
