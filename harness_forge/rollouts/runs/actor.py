"""The actor of a run: its name and identity are known before a model is started.

A run is identified by what its rows depend on. A local model counts by name and
digest, not by path: the same model in another folder is the same run, and an
adapter trained again under its old name is another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from harness_forge.config.model import ModelConfig
from harness_forge.config.policy import TEACHERS, PolicyConfig, PolicyKind
from harness_forge.core.chat.call_forms import HERMES
from harness_forge.core.errors import EndpointError, EvalError
from harness_forge.core.records import WorkItem
from harness_forge.registry.adapters import registry
from harness_forge.registry.models import folder, tool_form
from harness_forge.rollouts.policies import worked_examples
from harness_forge.rollouts.policies.extractive import Extractive
from harness_forge.rollouts.policies.model import Model, named
from harness_forge.rollouts.policies.nearest import Nearest
from harness_forge.rollouts.policies.proposal import Policy
from harness_forge.rollouts.policies.teacher import Teacher
from harness_forge.rollouts.policies.template import TemplatePolicy
from harness_forge.rollouts.policies.worked_examples import WorkedExample
from harness_forge.rollouts.runs import examples

ENDPOINT_REQUESTS, LOCAL_BATCH = 8, 32
"""Requests at a time where `policy.concurrency` is 0. On a CPU a local batch of
32 answers costs little more than one of 8."""

BASE = "base"
"""`policy.adapter=base` is the base model without an adapter."""

_COPIES = {PolicyKind.nearest: Nearest, PolicyKind.template: TemplatePolicy}
"""Baselines that copy a training item's answer."""

_NOT_IDENTITY = {"concurrency", "timeout_s", "api_key_env", "workset"}
"""Settings that change how fast a run goes, not what it writes."""


@dataclass(frozen=True)
class Actor:
    """A policy that is not started yet.

    Args:
        name: value of `runs.policy`.
        identity: settings that the run's rows depend on, as plain JSON.
        start: starts it; call once, and close what it returns.
        concurrency: items asked about at once; 0 if no model is asked.
        candidate: digest of the adapter or model that could be promoted; None for
            teachers and baselines.
        fitted: splits that its adapter was trained on, by its lineage.
        contexts: the values of `prompt.context` that it was trained on, likewise.
        examples: all worked examples, in the order in which prompts take them.
        shots: how many of them a prompt shows.
        close: closes what was opened to learn the name.
    """

    name: str
    identity: Mapping[str, Any]
    start: Callable[[], Policy]
    concurrency: int = 0
    candidate: str | None = None
    fitted: Sequence[str] = ()
    contexts: Sequence[str] = ()
    examples: Sequence[WorkedExample] = ()
    shots: int = 0
    close: Callable[[], None] = lambda: None

    def shown(self, item: WorkItem) -> Sequence[WorkedExample]:
        """Return the worked examples in an item's prompt."""
        return worked_examples.shown(self.examples, item, self.shots) if self.shots else ()

    def settings_for(self, items: Sequence[WorkItem]) -> dict[str, Any]:
        """Return `identity`, with a hash of the worked examples in the prompts of `items`."""
        if not self.shots:
            return dict(self.identity)
        seen = {e.item.item_id: e for item in items for e in self.shown(item)}
        ordered = [seen[name] for name in sorted(seen)]
        return {**self.identity, "examples": worked_examples.digest(ordered)}


def prepare(
    config: PolicyConfig, environment, store, base: ModelConfig | None, home: Path, seed: int
) -> Actor:
    """Return the actor that `config` names.

    Args:
        base: the recipe's base model; None if the recipe has none.

    Raises:
        EndpointError: the endpoint does not answer.
        TrainError: the base model or the adapter is missing or damaged.
        EvalError: the adapter was trained on another model.
        RunError: too few worked examples in the store.
    """
    settings, argument = plain(config), environment.argument
    if config.kind is PolicyKind.gold:
        teacher = Teacher("gold", lambda item: environment.gold(item, fallback=config.fallback))
        return Actor("gold", settings, lambda: teacher)
    if config.kind is PolicyKind.mutated:
        teacher = Teacher("mutated", lambda i: environment.mutated(i, limit=config.variants))
        return Actor("mutated", settings, lambda: teacher)
    if config.kind is PolicyKind.extractive:
        return Actor(Extractive.name, {"kind": Extractive.name}, lambda: Extractive(argument))
    if copies := _COPIES.get(config.kind):
        # Two, so that an item that is itself an example has another one to copy.
        known = examples.read(store, needed=2, splits=config.example_splits)
        settings = {"kind": copies.name, "examples": worked_examples.digest(known)}
        return Actor(copies.name, settings, lambda: copies(known))
    shots = _shots(config, store, seed)
    if config.endpoint:
        actor = _endpoint(config, base, home, seed)
    elif config.local or base:
        actor = _local(config, base, home, seed)
    else:
        raise EndpointError("policy.endpoint", "no endpoint given", "or name a base model: model=…")
    return replace(actor, examples=shots, shots=config.shots)


def plain(config: PolicyConfig) -> dict[str, Any]:
    """Return settings as JSON, without those that do not change rows.

    A newer setting is left out while it is off: a run made before it existed is
    the same run.
    """
    left_out = _NOT_IDENTITY | ({"shots"} if not config.shots else set())
    if config.example_splits == ["train"]:
        left_out = left_out | {"example_splits"}
    if not config.roles or config.kind not in TEACHERS:
        left_out = left_out | {"roles"}
    return {
        key: value.value if isinstance(value, Enum) else value
        for key, value in asdict(config).items()
        if key not in left_out
    }


def _shots(config: PolicyConfig, store, seed: int) -> list[WorkedExample]:
    if not config.shots:
        return []
    known = examples.read(store, needed=config.shots, splits=config.example_splits)
    return worked_examples.spread(known, seed)


def _endpoint(config: PolicyConfig, base: ModelConfig | None, home: Path, seed: int) -> Actor:
    from harness_forge.rollouts.policies.endpoint import Endpoint

    if config.adapter == BASE:
        config = replace(config, adapter=None)
    chat = Endpoint(config)
    # Calls that a server did not parse are as the recipe's model writes them.
    form = tool_form.form_of(folder.folder_of(base, home), base) if base else HERMES
    return Actor(
        name=named(config, chat.model),
        identity=plain(config),
        start=lambda: Model(config, chat, seed, form),
        concurrency=config.concurrency or ENDPOINT_REQUESTS,
        # The recipe's own base model is a baseline on any server.
        candidate=None if base and chat.model == base.name else chat.model,
        close=chat.close,
    )


def _local(config: PolicyConfig, base: ModelConfig | None, home: Path, seed: int) -> Actor:
    if config.local:
        model_folder = Path(config.local)
        name, digest = config.model or model_folder.name, _digest(model_folder)
    else:
        found = folder.find_base_model(base, home)
        model_folder, name, digest = found.folder, found.name, found.digest
    adapter = None
    if config.adapter and config.adapter != BASE:
        adapter = registry.resolve(config.adapter, home)
        _check_base(adapter, name, digest)
    label = adapter.label if adapter else None
    shown = replace(config, model=name, adapter=label)
    batch = config.concurrency or LOCAL_BATCH
    asked = replace(
        config,
        local=str(model_folder),
        model=name,
        adapter=str(adapter.folder) if adapter else None,
        concurrency=batch,
    )
    own = adapter.digest if adapter else digest if config.local else None
    if config.chat_template:
        form = tool_form.form_of_text(Path(config.chat_template).read_text(encoding="utf-8"))
    else:
        form = tool_form.form_of(model_folder, None if config.local else base)
    return Actor(
        name=named(shown, name),
        identity={
            **plain(shown),
            "local": None,
            "model_digest": digest,
            "adapter_digest": adapter.digest if adapter else None,
            "chat_template": _file_digest(config.chat_template),
        },
        start=lambda: Model(shown, _start_local(asked, home), seed, form),
        concurrency=batch,
        candidate=own,
        fitted=adapter.fitted if adapter else (),
        contexts=adapter.prompt_contexts if adapter else (),
    )


def _start_local(config: PolicyConfig, home: Path):
    from harness_forge.rollouts.policies.local import LocalModel
    from harness_forge.worksets.worksets import environment_of, python_of

    python = python_of(config.workset, home)
    wrapped = folder.is_wrapped(Path(str(config.local)))
    return LocalModel(config, python, environment_of(config.workset, home), wrapped)


def _check_base(adapter, name: str, digest: str) -> None:
    """Refuse an adapter of another base model: it would answer, only worse."""
    trained = adapter.lineage.get("base", {})
    if trained.get("digest") not in (None, digest):
        raise EvalError(
            f"adapter {adapter.name}",
            f"was trained on another base model ({trained.get('name')}) than {name}",
            "name its own with model=… or model.path=…, or train it again",
        )


def _digest(place: Path) -> str:
    # If the folder is missing, the local model reports it.
    return folder.digest_of(place) if place.is_dir() else ""


def _file_digest(path: str | None) -> str | None:
    if path is None:
        return None
    return folder.file_digest(Path(path)) if Path(path).is_file() else path
