"""Where a recipe has several skills, exports or suites: the config of each of them."""

from __future__ import annotations

from dataclasses import replace

from harness_forge.config.export import ExportConfig, ExportKind, RequiredConsent
from harness_forge.config.format import FormatConfig
from harness_forge.config.scap import ScapConfig
from harness_forge.config.schema import ForgeConfig
from harness_forge.config.skill import SkillConfig
from harness_forge.config.suite import SuiteConfig
from harness_forge.core.errors import ConfigError


def skills_of(config: ForgeConfig) -> list[ForgeConfig]:
    """Return one config a skill, in the recipe's order; `[config]` where it has one skill.

    What is done for several skills is done for each as if it were the only
    one: its own store, environment and splits.

    Raises:
        ConfigError: two skills have one name, or a key was set that nothing reads.
    """
    if not config.skills:
        return [config]
    if config.skill.scap != ScapConfig("", "", "", ""):
        raise ConfigError(
            "skill.scap",
            f"is not read where skill={config.skill.name}",
            "set it for one of them: " + ", ".join(f"skills.{name}.scap" for name in config.skills),
        )
    for key, skill in config.skills.items():
        if skill.name != key:
            raise ConfigError(f"skills.{key}.name", f"must be {key!r}, not {skill.name!r}")
    return [replace(config, skill=skill, skills={}) for skill in config.skills.values()]


def exports_of(config: ForgeConfig) -> dict[str, ExportConfig]:
    """Return each role's export, in the recipe's order.

    Raises:
        ConfigError: there are several, and a key was set that nothing reads.
    """
    if not config.exports:
        return {config.role.name: config.export}
    head = config.export
    read = ExportConfig(
        head.name, head.kind, include_fallback=head.include_fallback, consent=head.consent
    )
    for key, value in vars(head).items():
        if value != getattr(read, key):
            raise ConfigError(
                f"export.{key}",
                f"is not read where role={config.role.name}",
                "set it for one of them: "
                + ", ".join(f"exports.{role}.{key}" for role in config.exports),
            )
    # What may be learned from is asked of the whole dataset.
    if head.consent is not RequiredConsent.any:
        return {role: replace(one, consent=head.consent) for role, one in config.exports.items()}
    return dict(config.exports)


def preferences_of(config: ForgeConfig, name: str) -> ForgeConfig:
    """Return a config whose export is that of the recipe's preference pairs.

    Args:
        name: of the dataset.

    Raises:
        ConfigError: one of them makes no pairs, or there would be several adapters to go on from.
    """
    for role, one in config.preferences.items():
        if one.kind is not ExportKind.dpo:
            what = f"must be dpo, not {one.kind.value}: the loop's second stage reads pairs"
            raise ConfigError(f"preferences.{role}.kind", what)
    if config.train.replicates > 1:
        what = "goes on from one adapter, so `preferences` and replicates do not go together"
        raise ConfigError("train.replicates", what, "train.replicates=1")
    head = config.export
    export = ExportConfig(
        name, ExportKind.dpo, include_fallback=head.include_fallback, consent=head.consent
    )
    format = FormatConfig(ExportKind.dpo.value)
    return replace(config, export=export, exports=config.preferences, format=format)


def suites_of(config: ForgeConfig) -> dict[str, SuiteConfig]:
    """Return each suite that is asked, in the recipe's order.

    Where there are several, `suite.limit`, `suite.dtype` and `suite.recorded` apply
    to each that does not set its own.

    Raises:
        ConfigError: two suites have one name, or a key was set that nothing reads.
    """
    if not config.suites:
        return {config.suite.name: config.suite}
    head, default = config.suite, SuiteConfig()
    for key, value in vars(head).items():
        if key not in ("name", "limit", "dtype", "recorded") and value != getattr(default, key):
            several = ", ".join(f"suites.{name}.{key}" for name in config.suites)
            what = f"is not read where suite={head.name}"
            raise ConfigError(f"suite.{key}", what, f"set it for one of them: {several}")
    for key, suite in config.suites.items():
        if suite.name != key:
            raise ConfigError(f"suites.{key}.name", f"must be {key!r}, not {suite.name!r}")
    return {
        name: replace(
            suite,
            limit=suite.limit or head.limit,
            dtype=head.dtype if suite.dtype is default.dtype else suite.dtype,
            recorded=suite.recorded and head.recorded,
        )
        for name, suite in config.suites.items()
    }


def one_skill(config: ForgeConfig) -> ForgeConfig:
    """Return `config`, which must be of one skill.

    Raises:
        ConfigError: it is of several.
    """
    if config.skills:
        raise ConfigError(
            f"skill={config.skill.name}", "this takes one skill", _one_of(config.skills)
        )
    return config


def _one_of(skills: dict[str, SkillConfig]) -> str:
    return "one of: " + ", ".join(f"skill={name}" for name in skills)
