"""The small world of these tests: rows of one-line functions, and how they are judged."""

from harness_forge.config.command import CommandConfig, MutationConfig

TOOL = {
    "name": "write",
    "description": "Write solution.py.",
    "parameters": {"type": "object", "properties": {"code": {"type": "string"}}},
}
ROWS = [
    {"id": f"{name}_{k}", "kind": name, "does": f"n {sign} {k}", "given": 9, "wanted": wanted}
    for name, sign, k, wanted in (
        ("add", "+", 2, 11),
        ("add", "+", 3, 12),
        ("times", "*", 2, 18),
        ("times", "*", 3, 27),
    )
]
SETTINGS = CommandConfig(
    family="{kind}",
    prompt="Write f(n), which returns {does}.",
    tool=TOOL,
    files={"test_it.py": "from solution import f\nassert f({given}) == {wanted}, 'wrong number'\n"},
    answer={"solution.py": "{code}"},
    judge="python3 test_it.py",
    gold={"code": "def f(n):\n    return {does}  # as it was asked for\n"},
    mutations={"one_more": MutationConfig(find="return", replace="return 1 +", why="one more")},
)
