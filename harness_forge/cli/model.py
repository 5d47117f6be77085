"""`forge model`: fetch a base model, list what there is, look at one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness_forge.core.errors import ConfigError
from harness_forge.core.numbers import count

if TYPE_CHECKING:
    from harness_forge.config.schema import ForgeConfig

SUMMARY = "fetch a base model, list what there is, look at one"
USAGE = "ls | info [NAME] | fetch NAME  [key=value …]"
EXAMPLES = (
    "forge model ls",
    "forge model fetch smollm2-135m",
    "forge model info smollm2-135m",
    "forge model info qwen3-8b model.path=models/Qwen3-8B",
)
KEYS = ("model", "worksets", "forge_home")
JSON = (
    "ls: an array of objects with name, state, title; info, fetch: an object with name, folder, …"
)

_ACTIONS = ("ls", "info", "fetch")


def main(argv: list[str]) -> int:
    """Do one action; NAME is a file of conf/model."""
    from harness_forge.cli import composed
    from harness_forge.cli.results import report
    from harness_forge.cli.words import one_of, sort
    from harness_forge.config.compose.project import choices

    words, _, overrides = sort(argv)
    action = one_of(words[0] if words else "ls", _ACTIONS, "action")
    if len(words) > 2 or (action == "fetch" and len(words) < 2):
        form = f"forge model {action}{' NAME' if action != 'ls' else ''}"
        raise ConfigError("command line", f"{' '.join(words)!r} is not right", f"write: {form}")
    if action == "ls":
        found = listing(overrides)
        wide = max(len(one["name"]) for one in found) + 2
        rows = ("{name:<{wide}}{state:<10}{title}".format(**one, wide=wide) for one in found)
        report(found, "\n".join(rows))
        return 0
    named = [f"model={one_of(words[1], list(choices('model')), 'model')}"] if words[1:] else []
    config = composed([*overrides, *named])
    return _info(config) if action == "info" else _fetch(config)


def listing(overrides: list[str]) -> list[dict[str, str]]:
    """Return of each model of conf/model its name, whether it is there, and what it is."""
    from harness_forge.cli import composed
    from harness_forge.config.compose.project import choices
    from harness_forge.registry.models.folder import given_folder, stamp_of

    found = []
    for name in choices("model"):
        # Only `local` must be given a path to be composed.
        given = [] if name != "local" else ["model.path=."]
        config = composed([f"model={name}", *given, *overrides])
        state = "missing"
        if not config.model.source.package:
            state = "by path"
        elif stamp_of(given_folder(config.model, Path(config.forge_home))):
            state = "there"
        found.append({"name": name, "state": state, "title": config.model.title})
    return found


def _info(config: ForgeConfig) -> int:
    from harness_forge.cli.results import report
    from harness_forge.registry.models.folder import described, find_base_model
    from harness_forge.registry.models.passport import passport
    from harness_forge.registry.models.remarks import remarks
    from harness_forge.registry.models.tool_form import form_of

    base = find_base_model(config.model, Path(config.forge_home))
    card, form = config.model, form_of(base.folder, config.model)
    notes = remarks(base, card)
    rows = [
        ("folder", str(base.folder)),
        ("hash", base.digest),
        ("licence", card.licence),
        ("weights", f"{card.parameters / 1e6:.1f} million" if card.parameters else ""),
        ("context", f"{count(card.context)} tokens"),
        ("tools", form),
        ("thinking", card.thinking.name if card.thinking.name != "own" else ""),
        ("adapters on", ", ".join(card.target_modules)),
        *(("note", note) for note in notes),
    ]
    files = passport(base)
    rows += [(key, str(value)) for key, value in files.items()]
    facts = {
        "name": base.name,
        "title": base.title,
        "folder": base.folder,
        "hash": base.digest,
        "licence": card.licence,
        "parameters": card.parameters,
        "context": card.context,
        "tools": form,
        "thinking": card.thinking,
        "architecture": described(base.folder).get("model_type"),
        "target_modules": card.target_modules,
        "notes": notes,
        "passport": files,
    }
    width = max(len(key) for key, _ in rows) + 2
    lines = [f"{base.name}: {base.title}"]
    lines += [f"{key:<{width}}{value}" for key, value in rows if value]
    report(facts, "\n".join(lines))
    return 0


def _fetch(config: ForgeConfig) -> int:
    from harness_forge.cli.results import report
    from harness_forge.registry.models.folder import given_folder
    from harness_forge.training.base_model import fetch_model

    name = config.model.name
    made = fetch_model(config, lambda step: print(f"{name}: {step}", flush=True))
    folder = given_folder(config.model, Path(config.forge_home))
    text = f"{name}: {'made' if made else 'is there'}, in {folder}"
    report({"name": name, "made": made, "folder": folder}, text)
    return 0
