"""Settings of the GNOME desktop and the locks on them."""

from __future__ import annotations

from harness_forge.rollouts.environments.scap.content import ScapRule
from harness_forge.rollouts.environments.scap.gold.pattern import found
from harness_forge.rollouts.environments.scap.gold.plan import RequiredText, wants
from harness_forge.rollouts.environments.scap.gold.shell import Script

_DATABASES = "/etc/dconf/db/"


def dconf(rule: ScapRule) -> Script | None:
    """Write a key file, a lock file, or both, named after the key."""
    for option in wants(rule):
        if option and all(want.folder.startswith(_DATABASES) for want in option):
            return _script(option)
    return None


def _script(option: list[RequiredText]) -> Script | None:
    locks = [want for want in option if want.folder.endswith("/locks")]
    settings = [want for want in option if want.text.startswith("[")]
    commands: list[str] = []
    if settings:
        section, line = settings[0].text.splitlines()
        line = _with_value(line, option)
        name = line.partition("=")[0]
        text = f"{section}\\n{line}\\n"
        quote = '"' if "'" in text else "'"
        commands.append(f"printf {quote}{text}{quote} > {settings[0].folder}/00-{name}")
    elif not locks:
        return None
    if locks:
        name = locks[0].text.rpartition("/")[2]
        commands.append(f"echo {locks[0].text} > {locks[0].folder}/00-{name}")
    written = [command.rpartition("> ")[2] for command in commands]
    return Script(
        "\n".join([*commands, "dconf update"]),
        f"rm {' '.join(written)}\ndconf update",
        f"Set {name} for every user." if settings else f"Lock {name} for every user.",
    )


def _with_value(line: str, option: list[RequiredText]) -> str:
    """Fill in a number that another check of the option asks for."""
    for want in option:
        if want.value and want.value not in line and not want.text.startswith("["):
            filled = f"{line} {want.value}"
            if found(want.check.pattern, filled) == want.value:
                return filled
    return line
