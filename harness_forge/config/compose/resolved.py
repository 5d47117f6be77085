"""Writes and reads the resolved config as YAML: every key with its value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness_forge.config.compose.check import faults_in, near
from harness_forge.config.compose.shapes import build, fields_of, flatten
from harness_forge.config.schema import ForgeConfig
from harness_forge.core.errors import ConfigError, Faults
from harness_forge.core.files import write_text

_ADAPTERS = ("budget", "replicates")
"""What write_resolved adds where `train.replicates` is above 1, for DVC alone: stages that judge
all adapters list the section of the budget, and not that of the training."""


def resolved_yaml(config: ForgeConfig, section: str = "") -> str:
    """Return a config, or the part of it at a dotted key, as YAML.

    Raises:
        ConfigError: there is no such section.
    """
    value = section_of(config, section)
    return _yaml(value) if isinstance(value, dict | list) else f"{value}\n"


def _yaml(value: Any) -> str:
    import yaml

    return yaml.dump(value, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=100)


def section_of(config: ForgeConfig, section: str = "") -> Any:
    """Return a config, or the part of it at a dotted key, in plain containers.

    Raises:
        ConfigError: there is no such section.
    """
    value = flatten(config)
    for part in filter(None, section.split(".")):
        if not isinstance(value, dict) or part not in value:
            known = value if isinstance(value, dict) else fields_of(ForgeConfig)
            raise ConfigError(f"--cfg {section}", "there is no such section", near(part, known))
        value = value[part]
    return value


def _dumper():
    import yaml

    class Dumper(yaml.SafeDumper):
        """Prints a text of several lines as a block, so that SQL stays readable."""

    def text(dumper: yaml.SafeDumper, value: str):
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    return Dumper


def write_resolved(path: Path, recipe: str | None = None, overrides: Sequence[str] = ()) -> None:
    """Compose, and write the whole config to `path` for later stages.

    Written whole or not at all: a later stage must not see half a config.
    """
    from harness_forge.config.compose.engine import compose

    value = section_of(compose(recipe, overrides))
    # DVC would take a pipeline that was made before there were these keys for out of date.
    if value["train"]["start"] is None:
        del value["train"]["start"]
    if not value["train"]["track"]:
        del value["train"]["track"]
    if value["promote"]["rollback"]:
        del value["promote"]["rollback"]
    section, key = _ADAPTERS
    if value["train"][key] == 1:
        del value["train"][key]
    else:
        value[section][key] = value["train"][key]
    write_text(path, _yaml(value))


def load_resolved(path: Path) -> ForgeConfig:
    """Return the config that `write_resolved` wrote, checked again.

    Raises:
        ConfigError: the file is missing, no YAML, or holds a wrong key.
    """
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(str(path), "is missing", "run `dvc repro compose`") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        first = str(error).splitlines()[0]
        raise ConfigError(
            str(path), f"cannot be read: {first}", "run `dvc repro compose`"
        ) from error
    if isinstance(data, dict) and isinstance(data.get(_ADAPTERS[0]), dict):
        data[_ADAPTERS[0]].pop(_ADAPTERS[1], None)
    faults = list(faults_in(data, ForgeConfig, (), lambda _: str(path)))
    if faults:
        raise faults[0] if len(faults) == 1 else Faults(faults)
    return build(ForgeConfig, data)
