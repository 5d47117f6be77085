"""`forge power`: how large a difference the items at hand can show."""

from __future__ import annotations

from harness_forge.core.errors import ConfigError

SUMMARY = "say how large a gain the held-out items can show, before anything is trained"
USAGE = "[ITEMS] [key=value …]"
EXAMPLES = ("forge power", "forge power skill=ubuntu", "forge power 62")
KEYS = ("skill", "skills", "run", "budget", "store", "forge_home")
SHORT = {"split": "run.split"}


def main(argv: list[str]) -> int:
    """Print what so many items, or those of the store, can show."""
    from harness_forge.cli import composed
    from harness_forge.cli.words import sort
    from harness_forge.evaluation.power import describe_power

    words, _, overrides = sort(argv)
    config = composed(overrides)
    if words:
        print(describe_power(_items(words), config.budget.alpha))
        return 0
    from harness_forge.evaluation.sample_size import describe_level, sample_sizes

    for one in (sizes := sample_sizes(config)):
        print(f"{one.skill} {one.part}: {describe_power(one.items, one.alpha)}")
        if one.families < one.items:
            alike = describe_power(one.items_if_alike, one.alpha).partition(": ")[2]
            print(f"  were each of its {one.families} clusters all alike: {alike}")
    for look, alpha in sorted({(one.look, one.alpha) for one in sizes if one.look}):
        print(describe_level(look, alpha, config.budget))
    return 0


def _items(words: list[str]) -> int:
    if len(words) == 1 and words[0].isdecimal() and int(words[0]) <= 100_000:
        return int(words[0])
    raise ConfigError("command line", "a number of items, please", "forge power 62")
