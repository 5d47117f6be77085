"""A model's folder with another chat template or end of turn, without a copy of its weights.

Training, evaluation, replay and serving all read the template from the model's folder. Where
settings ask for another one, they are given a folder of links with that template in it, so
that all of them read the same. The folder itself is never changed.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from harness_forge.config.compose.project import group_file
from harness_forge.config.model import ModelConfig, Thinking
from harness_forge.core.chat.template import TEMPLATE, special_tokens, text_of
from harness_forge.core.errors import ConfigError, TrainError
from harness_forge.core.files import whole_folder

STAMP = "forge.json"
"""Written last into a fetched model: without it the folder is incomplete."""

_SETTINGS = "tokenizer_config.json"
_SWITCH = "enable_thinking"


def view_of(config: ModelConfig, given: Path, home: Path) -> Path:
    """Return the folder to use: `given`, or one of links to it that settings change.

    Raises:
        ConfigError: the template that settings name is not in conf/model.
        TrainError: the template cannot switch thinking, or the tokenizer has no such token.
    """
    if not (given / "config.json").is_file():
        return given
    own = text_of(given)
    text = _template(config, own)
    eos = config.eos if config.eos != special_tokens(given).get("eos_token") else ""
    if text == own and not eos:
        return given
    settings = given / _SETTINGS
    changed = settings.stat().st_mtime_ns if settings.is_file() else 0
    parts = [str(given.absolute()), text, eos, sorted(p.name for p in given.iterdir()), changed]
    key = sha256(json.dumps(parts).encode()).hexdigest()[:12]
    place = home / "models" / ".views" / f"{config.name}-{key}"
    if not place.is_dir():
        _make(config, given, place, text, eos)
    return place


def template_file(name: str) -> Path:
    """Return the file of a chat template by its path in conf/model.

    Raises:
        ConfigError: it is not there.
    """
    path = group_file(f"model/{name}") if name else None
    if path is None:
        raise ConfigError(f"model.template: {name!r}", "there is no such file in conf/model")
    return path


def _template(config: ModelConfig, own: str | None) -> str | None:
    """Return the text of the chat template to use; None where there is none."""
    name = config.template
    if own is None:
        name = name or config.fallback_template
    text = template_file(name).read_text(encoding="utf-8") if name else own
    if text is None or config.thinking is Thinking.own:
        return text
    if _SWITCH not in text:
        what = f"is {config.thinking.name}, and the chat template has no switch ({_SWITCH})"
        raise TrainError("model.thinking", what, "model.thinking=own")
    value = "true" if config.thinking is Thinking.on else "false"
    return f"{{%- set {_SWITCH} = {value} -%}}\n{text}"


def _make(config: ModelConfig, given: Path, place: Path, text: str | None, eos: str) -> None:
    if eos:
        _demand_token(config, given, eos)
    with whole_folder(place) as draft:
        for file in given.iterdir():
            # The stamp tells the hash of the files as they were fetched.
            if file.name not in (STAMP, TEMPLATE, *([_SETTINGS] if eos else [])):
                (draft / file.name).symlink_to(file.resolve())
        if text is not None:
            (draft / TEMPLATE).write_text(text, encoding="utf-8")
        if eos:
            settings = json.loads((given / _SETTINGS).read_bytes()) | {"eos_token": eos}
            written = json.dumps(settings, indent=2, ensure_ascii=False) + "\n"
            (draft / _SETTINGS).write_text(written, encoding="utf-8")


def _demand_token(config: ModelConfig, given: Path, eos: str) -> None:
    """Demand that a tokenizer has the token that ends a turn, and settings to name it in."""
    where = f"model {config.name}: {given}"
    if not (given / _SETTINGS).is_file():
        hint = "give a folder as `save_pretrained` writes it"
        raise TrainError(where, f"has no {_SETTINGS}", hint)
    try:
        found = json.loads((given / "tokenizer.json").read_bytes())
        added = {one["content"] for one in found.get("added_tokens", ())}
        known = eos in added or eos in (found["model"].get("vocab") or ())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return  # what is wrong with the tokenizer is said where it is read
    if not known:
        what = f"has no token {eos}, with which {config.name} ends a turn"
        raise TrainError(where, what, "is it another model? model=local, or model.eos=TOKEN")
