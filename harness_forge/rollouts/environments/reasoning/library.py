"""Questions of reasoning-gym by generator, seed and place. Standard library only.

The same file makes the items and judges in the sandbox. A generator's module is imported
alone: the library's own packages import all of its parts, with all that those need.
"""

import importlib
import json
import sys
import types
from pathlib import Path

PACKAGE = "reasoning_gym"
SIZE = 1_000_000_000
"""Questions that a generator is asked to have; each is made when it is asked for."""
APART = 1_000_000
"""Question 3 of seed 1 is question 2 of seed 2 to the library: seeds are taken this far apart."""


def opened(folder, generator, seed):
    """Return a generator of questions.

    Args:
        folder: the library's package.
        generator: its part and name, such as `arithmetic.chain_sum`.

    Raises:
        ImportError: there is no such generator, or it needs more than the standard library.
    """
    part, _, name = generator.partition(".")
    for package, place in ((PACKAGE, Path(folder)), (f"{PACKAGE}.{part}", Path(folder, part))):
        if package not in sys.modules:
            sys.modules[package] = empty = types.ModuleType(package)
            empty.__path__ = [str(place)]
    # Every generator imports it by way of experiments, whose files nobody reads here.
    sys.modules.setdefault("yaml", types.ModuleType("yaml"))
    importlib.import_module(f"{PACKAGE}.{part}.{name}")
    known = importlib.import_module(f"{PACKAGE}.factory").DATASETS
    if name not in known:
        raise ImportError(f"{generator} makes no questions")
    make, settings = known[name]
    return make(settings(seed=seed * APART, size=SIZE))


def main():
    """Print questions, an object a line, as standard input asks for them."""
    asked = json.load(sys.stdin)
    for generator in asked["generators"]:
        made = opened(asked["folder"], generator, asked["seed"])
        for place in range(asked["first"], asked["first"] + asked["each"]):
            entry = made[place]
            row = {"generator": generator, "seed": asked["seed"], "place": place}
            answer = entry["answer"]
            row |= {"question": entry["question"]}
            row |= {"answer": answer if isinstance(answer, str) else json.dumps(answer)}
            print(json.dumps(row))


if __name__ == "__main__":
    main()
