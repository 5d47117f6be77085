"""Makes champions one after the other, as their tests need them."""

from dataclasses import replace

from loop_files import LINEAGE, lines

from harness_forge.config.compose.engine import compose
from harness_forge.promotion.decide import decide
from harness_forge.promotion.files import Files
from harness_forge.promotion.history import slot_histories
from harness_forge.registry import champion, decisions

SEAT = "lamps.worker"


# Twelve families are too few for the level of a third look.
LEVELS = [
    f"promote.conditions.{name}.alpha=0.025"
    for name in (
        "better_cluster_by_cluster",
        "better_than_few_shot",
        "better_than_nearest",
        "better_than_template",
        "better_than_extractive",
        "beats_champion_by_cluster",
    )
]


def promote(config, loop, **options):
    return decide(config, Files.of(loop.outputs), loop.outputs / "promote.json", **options)


def judge(loop, weight, share):
    """Train and judge an adapter that passes `share` of each ten items."""
    loop.train(weight)
    loop.replay(shares={"adapter": share, "base": 0, "few_shot": 1, "nearest": 2})
    loop.prove()
    loop.evaluate()
    return loop.digest


def first(loop, share):
    loop.replay(shares={"adapter": share, "base": 0, "few_shot": 1, "nearest": 2})
    return loop.digest


def top(config):
    (one,) = slot_histories(config)
    return one.stack[-1].candidate.digest


def trained_for(loop, weight, skills, monkeypatch):
    data = {**LINEAGE["dataset"], "skills": skills, "roles": ["worker"]}
    monkeypatch.setitem(LINEAGE, "dataset", data)
    judge(loop, weight, 9)


def of_doors(monkeypatch):
    import loop_files

    item = loop_files.item
    return lambda *facts: replace(item(*facts), skill="doors")


KEYS = ("skill", "role", "target", "version", "clock", "taken_down")


def aged(config, loop, count):
    """Make the ledger one from before skills and versions were written down."""
    place = decisions.path(loop.home)
    old = [{k: v for k, v in one.items() if k not in KEYS} for one in lines(place)[:count]]
    place.unlink()
    decisions.head(loop.home).unlink()
    champion.pointer(loop.home, SEAT).unlink()
    with decisions.opened(loop.home) as book:
        for one in old:
            book.append({k: v for k, v in one.items() if k not in ("hash", "previous")})


def config_of(loop):
    """Return the shipped rule, with levels that the third look can meet."""
    composed = compose(None, [f"forge_home={loop.home}", *LEVELS])
    return replace(composed, train=replace(composed.train, name=loop.name))
