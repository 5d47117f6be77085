"""Make the items: questions by generator, seed and place, in a process of their own.

It has the standard library alone and the hashes of the sandbox: some generators walk through
sets of texts, and the judge must make the same question.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness_forge.rollouts.environments.command import printed_items

EACH = 8
"""Questions of a generator: so few that a family may be held out whole."""

_PARTS = {
    "algebra": "complex_arithmetic",
    "algorithmic": "ab base_conversion binary_alternation caesar_cipher count_primes cryptarithm "
    "letter_counting letter_jumble number_filtering palindrome_generation "
    "rotate_matrix sentence_reordering spell_backward string_manipulation "
    "word_sequence_reversal word_sorting",
    "arithmetic": "basic_arithmetic bitwise_arithmetic calendar_arithmetic chain_sum count_bits "
    "decimal_arithmetic decimal_chain_sum dice fraction_simplification gcd lcm leg_counting "
    "number_format prime_factorization products",
    "cognition": "color_cube_rotation",
    "games": "maze mini_sudoku",
    "geometry": "simple_geometry",
    "graphs": "family_relationships largest_island path_star shortest_path",
    "logic": "aiw",
    "probability": "coin_flip",
}
GENERATORS = tuple(f"{part}.{name}" for part, names in _PARTS.items() for name in names.split())
"""Those that need the standard library alone, are quick, never run an answer to score it, and
have more answers than yes and no."""


def items(
    folder: Path,
    seed: int,
    each: int = EACH,
    first: int = 0,
    generators: Sequence[str] = GENERATORS,
) -> Iterator[dict[str, Any]]:
    """Yield the items, generator by generator; the same for the same arguments.

    Args:
        folder: the library's package.
        first: place of the first question of each generator.

    Raises:
        SystemExit: a generator cannot be used; it says which.
    """
    if unknown := sorted(set(generators) - set(GENERATORS)):
        raise SystemExit(f"no generator {unknown[0]}; known are {', '.join(GENERATORS)}")
    sources = printed_items.sources(__package__, "check", "library")
    asked = {"folder": str(folder), "seed": seed, "each": each, "first": first}
    done = subprocess.run(
        [sys.executable, "-S", "-B", "-c", sources["library_py"]],
        input=json.dumps(asked | {"generators": list(generators)}),
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit((done.stderr.strip().splitlines() or ["it says nothing"])[-1])
    for line in done.stdout.splitlines():
        row = json.loads(line)
        name = f"{row['generator'].partition('.')[2]}-{row['seed']}-{row['place']}"
        spec = {key: row[key] for key in ("generator", "seed", "place", "question")}
        yield {"id": name, **row, "spec": json.dumps(spec)} | sources


def main() -> None:
    """Print the items, one a line."""
    parser = printed_items.parser("reasoning", EACH)
    parser.add_argument("--library", type=Path, required=True, help="the library's package")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--generators", nargs="*", default=GENERATORS)
    asked = parser.parse_args()
    printed_items.show(items(asked.library, asked.seed, asked.each, asked.first, asked.generators))


if __name__ == "__main__":
    main()
